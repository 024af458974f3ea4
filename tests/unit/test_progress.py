"""What the runner tells becomes events and facts, whatever a script mixes into it."""

import json

import pytest

from matinee.model.run import TestStatus
from matinee.runner.progress import MOST_CONSOLE_BYTES, MOST_EVENT_BYTES, MOST_STEPS, Progress
from matinee.runner.scrub import Scrubber


@pytest.fixture
def printed() -> bytearray:
    return bytearray()


@pytest.fixture
def progress(printed: bytearray) -> Progress:
    return Progress(test_id="t", printed=printed.extend)


def line(**said: object) -> bytes:
    return json.dumps({"at": 1, **said}).encode()


def a_test_ended(status: str, outcome: str, attempt: int = 1) -> bytes:
    return line(type="testEnd", caseId="c", title="a", attempt=attempt, status=status, outcome=outcome, durationMs=1.6)


def a_test_of_duration(number: str) -> bytes:
    return a_test_ended("passed", "expected").replace(b"1.6", number.encode())


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        ("passed", "expected", TestStatus.PASSED),
        ("failed", "expected", TestStatus.PASSED),
        ("passed", "unexpected", TestStatus.FAILED),
        ("passed", "flaky", TestStatus.FLAKY),
        ("failed", "unexpected", TestStatus.FAILED),
        ("timedOut", "unexpected", TestStatus.TIMED_OUT),
        ("skipped", "skipped", TestStatus.SKIPPED),
        ("interrupted", "skipped", TestStatus.CANCELLED),
    ],
)
def test_a_test_is_what_playwright_expected_of_it(
    status: str, outcome: str, expected: TestStatus, progress: Progress
) -> None:
    """A test.fail() that fails is a pass, one that passes a failure; a pass on a retry is flaky."""
    (event,) = progress.line(a_test_ended(status, outcome))

    assert expected == event.data["status"] == progress.cases["c"].status


def test_only_the_last_attempt_of_a_test_counts(progress: Progress) -> None:
    """A retried test is one case, with its number of attempts."""
    list(progress.line(a_test_ended("failed", "unexpected", attempt=1)))
    list(progress.line(a_test_ended("passed", "flaky", attempt=2)))

    assert [(TestStatus.FLAKY, 2)] == [(case.status, case.attempts) for case in progress.cases.values()]


@pytest.mark.parametrize(
    "noise",
    [
        *(
            b"",
            b"hello",
            b"[]",
            b"{}",
            b'{"type": "testEnd"}',
            b"\xff\xfe",
            b"null",
            b'{"type": ["x"]}',
            b"[" * 100_000,
        ),
        *(a_test_of_duration(number) for number in ("1e999", "Infinity", "-1", "1" * 400)),
        line(type="stepBegin", caseId=["c"] * 100_000, stepId="s", title="t", category="c"),
    ],
    ids=lambda noise: noise[:30].decode(errors="replace"),
)
def test_noise_from_a_script_is_passed_over(noise: bytes, progress: Progress) -> None:
    """A script can write what it likes to our descriptor; nothing breaks."""
    assert [] == list(progress.line(noise))


def test_live_console_ends_somewhere_and_the_file_keeps_on(progress: Progress, printed: bytearray) -> None:
    """After a quarter of a megabyte the live console says where the rest is; all of it is kept for the file."""
    events = [
        event for _ in range(40) for event in progress.line(line(type="console", stream="stdout", text="x" * 10_000))
    ]

    assert 400_000 == len(printed)
    assert MOST_CONSOLE_BYTES <= sum(len(event.data["text"]) for event in events) < MOST_CONSOLE_BYTES + 100
    assert "more was printed" in events[-1].data["text"]


def test_a_million_steps_are_not_a_million_events(progress: Progress) -> None:
    """Steps beyond the limit are in the trace only, and that is told once."""
    step = line(type="stepBegin", caseId="c", stepId="s", title="click", category="pw:api")
    events = [event for _ in range(MOST_STEPS + 100) for event in progress.line(step)]

    assert [MOST_STEPS, 1] == [sum(event.type == kind for event in events) for kind in ("step", "console")]
    assert "see the report" in events[-1].data["text"]


def test_large_steps_are_shown_up_to_their_bytes(progress: Progress) -> None:
    """Whoever writes long titles is shown less of them."""
    step = line(type="stepBegin", caseId="c", stepId="s", title="x" * 100_000, category="pw:api")
    events = [event for _ in range(MOST_STEPS) for event in progress.line(step)]

    assert (
        MOST_EVENT_BYTES + 10_000 > sum(len(json.dumps(event.data)) for event in events if event.type == "step") / 1.2
    )
    assert MOST_STEPS > len(events)


def a_test_of_many(number: int, status: str = "passed", title: str = "") -> bytes:
    outcome = "expected" if status == "passed" else "unexpected"
    return line(
        type="testEnd", caseId=f"c{number}", title=title or f"test {number}", attempt=1, status=status, outcome=outcome,
        durationMs=1, message="no\n" * 500,
    )  # fmt: skip


@pytest.mark.parametrize("title", ["", "タイトル" * 500, "\x00" * 2_000])
def test_what_is_kept_of_many_tests_fits_an_item_and_the_one_that_failed_is_among_it(
    progress: Progress, title: str
) -> None:
    """DynamoDB takes 400 KB; a failure beyond what fits still is the verdict."""
    for number in range(500):
        list(progress.line(a_test_of_many(number, title=title)))
    list(progress.line(a_test_of_many(501, "failed", title=title)))
    cases = list(progress.cases.values())

    assert TestStatus.FAILED == cases[-1].status
    assert 300_000 > len(json.dumps([case.model_dump() for case in cases]))
    assert 20 < len(cases) < 501


def test_a_host_that_stays_says_how_its_test_ended(progress: Progress) -> None:
    """With the exit code that it would have left with."""
    assert progress.over is None
    assert [] == list(progress.line(b'{"type":"over","exit":1}'))
    assert 1 == progress.over


HUSH = "correct horse/battery"


@pytest.fixture
def discreet(printed: bytearray) -> Progress:
    return Progress(test_id="t", printed=printed.extend, scrubber=Scrubber([HUSH]))


def test_no_event_case_or_error_has_a_secret(discreet: Progress) -> None:
    """Titles, messages, names of steps; also what was cut off in the middle of it."""
    told = [
        line(type="testBegin", caseId="c", title=f"of {HUSH}", attempt=1),
        line(type="stepBegin", caseId="c", stepId="s", category="expect", title=f"Fill {HUSH[:9]}…"),
        line(
            type="stepEnd",
            caseId="c",
            stepId="s",
            category="expect",
            title="x",
            failed=True,
            durationMs=1,
            message=HUSH,
        ),
        line(
            type="testEnd",
            caseId="c",
            title=f"of {HUSH}",
            attempt=1,
            status="failed",
            outcome="unexpected",
            durationMs=1,
            message=f"was {HUSH[:12]}",
        ),
        line(type="error", message=f"outside: {HUSH}"),
    ]

    events = [event for each in told for event in discreet.line(each)]

    (case,) = discreet.cases.values()
    assert ("of ***", "was ***", ["outside: ***"]) == (case.title, case.message, discreet.errors)
    assert ["of ***", "Fill ***…", "x", "of ***"] == [event.data["title"] for event in events]
    assert ["***", "was ***"] == [event.data["message"] for event in events if "message" in event.data]


def test_what_is_printed_is_searched_across_its_pieces_each_source_for_itself(
    discreet: Progress, printed: bytearray
) -> None:
    """What waits comes when there is no more; lines do not wait."""
    raw = HUSH.encode()
    events = [
        *discreet.line(line(type="console", stream="stdout", text=f"line\nsay {HUSH[:8]}")),
        *discreet.output(b"runner: " + raw[:4], at=2),
        *discreet.line(line(type="console", stream="stderr", text="err\n")),
        *discreet.output(raw[4:] + b"\n", at=3),
        *discreet.line(line(type="console", stream="stdout", text=HUSH[8:])),
    ]
    assert ["line\n", "err\n", "runner: ***\n"] == [event.data["text"] for event in events]

    rest = list(discreet.rest(at=9))

    assert [("stdout", "say ***")] == [(event.data["stream"], event.data["text"]) for event in rest]
    assert b"line\nerr\nrunner: ***\nsay ***" == bytes(printed)
    assert [] == list(discreet.rest(at=9))
