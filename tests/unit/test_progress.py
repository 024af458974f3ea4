"""What the runner tells becomes events and facts, whatever a script mixes into it."""

import json

import pytest

from matinee.model.run import TestStatus
from matinee.runner.progress import MOST_CONSOLE_BYTES, MOST_STEPS, Progress


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
    "noise", [b"", b"hello", b"[]", b"{}", b'{"type": "testEnd"}', b"\xff\xfe", b"null", b'{"type": ["x"]}']
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
    """Steps beyond the limit are in the trace only."""
    step = line(type="stepBegin", caseId="c", stepId="s", title="click", category="pw:api")

    assert MOST_STEPS == sum(len(list(progress.line(step))) for _ in range(MOST_STEPS + 100))


def test_a_host_that_stays_says_how_its_test_ended(progress: Progress) -> None:
    """With the exit code that it would have left with."""
    assert progress.over is None
    assert [] == list(progress.line(b'{"type":"over","exit":1}'))
    assert 1 == progress.over
