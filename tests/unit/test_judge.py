"""The verdict on an execution: what it takes to pass, and what everything else is called."""

import json
import zipfile
from pathlib import Path

import pytest

from matinee.model.run import Reason, TestStatus
from matinee.model.work import Case
from matinee.runner import slim
from matinee.runner.judge import Verdict, blob_end, judge
from matinee.runner.process import Ending
from matinee.runner.progress import Progress
from matinee.runner.told import Told, documents

PASSED = Case(title="a", status=TestStatus.PASSED, duration_ms=1)
FAILED = Case(title="b", status=TestStatus.FAILED, duration_ms=1, message="expected 1, got 2")
SKIPPED = Case(title="c", status=TestStatus.SKIPPED, duration_ms=0)
LATE = Case(title="d", status=TestStatus.TIMED_OUT, duration_ms=30_000, message="Test timeout of 30000ms exceeded.")


def ended(*, code: int | None = 0, signal: int | None = None, killed: str | None = None) -> Ending:
    return Ending(exit=code, signal=signal, killed=killed, peak_bytes=0, seconds=1.0)


def told(*cases: Case, errors: tuple[str, ...] = ()) -> Progress:
    progress = Progress(test_id="t", printed=lambda _: None)
    progress.cases = {case.title: case for case in cases}
    progress.errors = list(errors)
    return progress


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A blob report that ends with `passed`."""
    target = tmp_path / "blob.zip"
    said = documents(Told(title="s", status=TestStatus.PASSED, cases=(PASSED,), started_at=0, duration_ms=1))
    target.write_bytes(slim.pack(slim.lines(said), file="s.ts", source=""))
    return target


def test_a_pass_takes_exit_0_a_report_that_passed_and_a_test_that_ran(report: Path) -> None:
    """All three together are a pass."""
    verdict = judge(ended(), told(PASSED), blob=report, console_tail="")

    assert (TestStatus.PASSED, None) == (verdict.status, verdict.reason)


@pytest.mark.parametrize(
    ("ending", "cases", "has_report"),
    [
        (ended(), (PASSED,), False),
        (ended(code=1), (PASSED,), True),
        (ended(), (), True),
        (ended(code=1), (SKIPPED,), True),
    ],
    ids=["no report", "exit 1", "no test", "only skipped ones, and exit 1"],
)
def test_two_of_the_three_are_not_a_pass(
    ending: Ending, cases: tuple[Case, ...], has_report: bool, report: Path
) -> None:
    """Without an exit code of 0, a report, or a test that ran, it is an error, never a pass."""
    verdict = judge(ending, told(*cases), blob=report if has_report else None, console_tail="")

    assert TestStatus.ERROR == verdict.status
    assert verdict.reason in {Reason.NO_REPORT, Reason.NO_TESTS}


def test_a_script_that_skips_all_its_tests_is_skipped(report: Path) -> None:
    """It is no pass, and no error either; nothing is to be said about it."""
    verdict = judge(ended(), told(SKIPPED), blob=report, console_tail="")

    assert (TestStatus.SKIPPED, None, None) == (verdict.status, verdict.reason, verdict.message)


def test_a_blob_that_is_no_blob_is_no_report(tmp_path: Path) -> None:
    """Garbage, an empty zip, or a report without an end say nothing."""
    garbage = tmp_path / "garbage.zip"
    garbage.write_bytes(b"PK\3\4 not really")
    cut = tmp_path / "cut.zip"
    with zipfile.ZipFile(cut, "w") as archive:
        archive.writestr("report.jsonl", json.dumps({"method": "onBegin"}) + "\n")

    assert [None, None, None] == [blob_end(path) for path in (garbage, cut, tmp_path / "none.zip")]


def test_a_failing_test_is_a_failure_with_its_message(report: Path) -> None:
    """The first failed test's message is the run's."""
    verdict = judge(ended(code=1), told(PASSED, FAILED, LATE), blob=report, console_tail="")

    assert (TestStatus.FAILED, None, "expected 1, got 2") == (verdict.status, verdict.reason, verdict.message)


def test_playwrights_own_timeout_is_a_timeout(report: Path) -> None:
    """A run in which nothing worse happened than a test's time limit timed out."""
    verdict = judge(ended(code=1), told(PASSED, LATE), blob=report, console_tail="")

    assert (TestStatus.TIMED_OUT, Reason.TEST_TIMEOUT) == (verdict.status, verdict.reason)


@pytest.mark.parametrize(
    ("killed", "status", "reason"),
    [
        ("deadline", TestStatus.TIMED_OUT, Reason.DEADLINE),
        ("cancelled", TestStatus.CANCELLED, Reason.CANCELLED),
        ("memory", TestStatus.ERROR, Reason.OUT_OF_MEMORY),
        ("worker_gone", TestStatus.ERROR, Reason.WORKER_LOST),
    ],
)
def test_what_we_killed_is_called_by_why(killed: str, status: TestStatus, reason: Reason, report: Path) -> None:
    """Whatever the report says: a run that we stopped is what we stopped it for."""
    verdict = judge(ended(code=None, signal=9, killed=killed), told(PASSED), blob=report, console_tail="")

    assert (status, reason) == (verdict.status, verdict.reason)


def test_a_crashed_browser_is_no_failed_test(report: Path) -> None:
    """A page that crashed says nothing about the user's test, so it is an error that is worth another attempt."""
    crashed = Case(title="x", status=TestStatus.FAILED, duration_ms=1, message="Error: page.click: Target crashed ")
    verdict = judge(ended(code=1), told(crashed), blob=report, console_tail="")

    assert (TestStatus.ERROR, Reason.BROWSER_CRASHED) == (verdict.status, verdict.reason)
    assert verdict.reason.is_infrastructure


def test_a_test_that_only_prints_about_memory_is_not_out_of_it(report: Path) -> None:
    """V8's last words count only where a worker process died of them."""
    verdict = judge(ended(code=1), told(FAILED), blob=report, console_tail="JavaScript heap out of memory")

    assert TestStatus.FAILED == verdict.status


def test_an_error_while_loading_is_the_scripts(report: Path) -> None:
    """With no test begun, what Playwright says is wrong with the script is the message."""
    verdict = judge(ended(code=1), told(errors=("Error: Cannot find module 'left-pad'",)), blob=report, console_tail="")

    assert (TestStatus.ERROR, Reason.SCRIPT_INVALID) == (verdict.status, verdict.reason)
    assert verdict.message is not None
    assert "left-pad" in verdict.message


@pytest.mark.parametrize(
    ("printed", "status"), [("[Matinee] The browser died of SIGSEGV.\n", TestStatus.ERROR), ("", TestStatus.FAILED)]
)
def test_a_closed_browser_is_a_crash_only_if_it_died_of_a_signal(
    printed: str, status: TestStatus, report: Path
) -> None:
    """Otherwise the test closed it itself, and that is a failed test."""
    closed = Case(
        title="t", status=TestStatus.FAILED, duration_ms=1, message="Target page, context or browser has been closed"
    )
    verdict = judge(ended(code=1), told(closed), blob=report, console_tail=printed)

    assert status == verdict.status
    assert (Reason.BROWSER_CRASHED if printed else None) == verdict.reason


@pytest.mark.parametrize("reason", Reason)
def test_a_verdict_is_plain_where_nothing_went_wrong_around_the_script(reason: Reason) -> None:
    """A script's own failure leaves its processes fit for another; what was stopped, died or crashed does not."""
    plain = {Reason.NO_TESTS, Reason.SCRIPT_INVALID, Reason.TEST_TIMEOUT}

    assert (reason in plain) == Verdict(TestStatus.ERROR, reason).is_plain
    assert Verdict(TestStatus.FAILED).is_plain
