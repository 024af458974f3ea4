"""The verdict on one execution of a script, from all that is known of it.

A pass is never inferred from an exit code: it takes exit 0, *and* a blob report that ends with `passed`, *and* a test that ran.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from matinee.model.run import ADVICE, Reason, TestStatus
from matinee.model.work import Case
from matinee.runner.process import Ending
from matinee.runner.progress import Progress

_MOST_MESSAGE = 4_000
_REPORT_BYTES = 256 << 20  # of report.jsonl, unpacked: no honest run comes near

_BROWSER_CRASHED = re.compile(
    r"Target crashed|Page crashed|browserType\.launch: |browser process (?:exited|crashed)|Browser(?: closed|Type)\S*: .*signal=SIG"
)
#: What preload.cjs prints when the browser ends by a signal that Playwright did not send; a test that it happens to says the other.
_BROWSER_DIED = re.compile(r"^\[Matinee\] The browser died of (SIG\w+)\.$", re.MULTILINE)
_CLOSED = re.compile(r"has been closed|[Bb]rowser.*disconnected")
#: The first that one of a script's tests has is the script's own, if nothing speaks against it. A script that skips all its tests is
#: just that, among others in a job; alone it proves nothing, and its run is an error (model/run.py).
_GOOD = (TestStatus.FLAKY, TestStatus.PASSED, TestStatus.SKIPPED)
_HEAP = "JavaScript heap out of memory"
_WORKER_DIED = "worker process exited unexpectedly"
_THROWN = re.compile(r"^\w*Error\b.*$", re.MULTILINE)  # as Node prints what it dies of
_NO_TESTS = re.compile(r"No tests found|did not expect test\(\)")


@dataclass(frozen=True)
class Verdict:
    """What a test's execution came to."""

    status: TestStatus
    reason: Reason | None = None
    message: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is on the script alone, and nothing went wrong around it."""
        return self.reason in {None, Reason.NO_TESTS, Reason.SCRIPT_INVALID, Reason.TEST_TIMEOUT}


def judge(ending: Ending, progress: Progress, *, blob: Path | None, console_tail: str) -> Verdict:
    """Judge one execution by how it ended, what it told, its blob report, and the last that it printed."""
    cases = tuple(progress.cases.values())
    if stopped := _stopped(ending, progress):
        return stopped
    if _HEAP in console_tail and any(_WORKER_DIED in (case.message or "") for case in cases):
        return _error(Reason.OUT_OF_MEMORY)
    said = blob_end(blob) if blob else None
    if said is None:
        return _no_report(ending, progress, console_tail)
    if crashed := _crash(cases, console_tail):
        return _error(Reason.BROWSER_CRASHED, crashed)
    return _reported(ending, said, cases, progress.errors)


def blob_end(blob: Path) -> str | None:
    """Read how a blob report ends: Playwright's status of the whole run; None if it has no end or is no blob."""
    try:
        with zipfile.ZipFile(blob) as archive:
            if archive.getinfo("report.jsonl").file_size > _REPORT_BYTES:
                return None
            last = archive.read("report.jsonl").rstrip().rpartition(b"\n")[2]
        told = json.loads(last)
        return str(told["params"]["result"]["status"]) if told["method"] == "onEnd" else None
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None


def _crash(cases: tuple[Case, ...], console_tail: str) -> str | None:
    """Give the message of the first case whose browser crashed."""
    told = _BROWSER_DIED.search(console_tail)
    for case in cases:
        message = case.message or ""
        if _BROWSER_CRASHED.search(message):
            return message
        if told and _CLOSED.search(message):
            return f"{message}\n{told[0]}"
    return None


def _stopped(ending: Ending, progress: Progress) -> Verdict | None:
    match ending.killed:
        case None:
            return None
        case "memory":
            return _error(Reason.OUT_OF_MEMORY)
        case "disk":
            return _error(Reason.DISK_FULL)
        case "deadline":
            where = next(iter(progress.running.values()), None)
            return Verdict(
                TestStatus.TIMED_OUT,
                Reason.DEADLINE,
                f"Still running at the deadline: {where}" if where else ADVICE[Reason.DEADLINE],
            )
        case "cancelled":
            return Verdict(TestStatus.CANCELLED, Reason.CANCELLED, ADVICE[Reason.CANCELLED])
        case other:
            return _error(Reason.WORKER_LOST, f"The run was killed: {other}.")


def _no_report(ending: Ending, progress: Progress, console_tail: str) -> Verdict:
    if progress.errors and not progress.cases:
        return _load_error(progress.errors)
    if ending.exit == 1 and not progress.cases and (thrown := _THROWN.search(console_tail)):
        return _error(Reason.SCRIPT_INVALID, f"Nothing caught this while the script was loaded: {thrown[0]}")
    how = f"signal {ending.signal}" if ending.signal else f"exit code {ending.exit}"
    return _error(Reason.NO_REPORT, f"{ADVICE[Reason.NO_REPORT]} It ended with {how}.")


def _reported(ending: Ending, said: str, cases: tuple[Case, ...], errors: list[str]) -> Verdict:
    statuses = {case.status for case in cases}
    failed = next((case for case in cases if case.status is TestStatus.FAILED), None)
    late = next((case for case in cases if case.status is TestStatus.TIMED_OUT), None)
    if failed:
        return Verdict(TestStatus.FAILED, None, _short(failed.message))
    if late:
        return Verdict(TestStatus.TIMED_OUT, Reason.TEST_TIMEOUT, _short(late.message))
    if errors:
        # Outside of any test, after some of them passed: still the script's own doing.
        return (
            Verdict(TestStatus.FAILED, None, _short(errors[0]))
            if statuses - {TestStatus.SKIPPED}
            else _load_error(errors)
        )
    good = next((status for status in _GOOD if status in statuses), None)
    if good and said == "passed" and ending.exit == 0:
        return Verdict(good)
    if not statuses - {TestStatus.SKIPPED}:
        return _error(Reason.NO_TESTS)
    return _error(
        Reason.NO_REPORT, f"The runner said {said!r} and ended with exit code {ending.exit}, yet no test failed."
    )


def _load_error(errors: list[str]) -> Verdict:
    if all(_NO_TESTS.search(error) for error in errors):
        return _error(Reason.NO_TESTS)
    return _error(Reason.SCRIPT_INVALID, errors[0])


def _error(reason: Reason, message: str | None = None) -> Verdict:
    return Verdict(TestStatus.ERROR, reason, _short(message) or ADVICE[reason])


def _short(message: str | None) -> str | None:
    return message[:_MOST_MESSAGE] if message else None
