"""A run's lifecycle, stated once (docs/architecture.md, figure 2; a test holds enum, SQL type and figure together)."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class RunKind(StrEnum):
    """What was started."""

    TEST = "test"  #: one script
    JOB = "job"  #: many saved tests together


class RunTrigger(StrEnum):
    """Who started it."""

    MANUAL = "manual"  #: a person, in the UI
    SCHEDULE = "schedule"  #: the clock
    API = "api"  #: a program, with an API key


class RunStatus(StrEnum):
    """Where a run stands. It moves only forward, and ends once."""

    QUEUED = "queued"  #: in Postgres and on the queue; nobody has claimed it
    RUNNING = "running"  #: at least one of its tests holds, or held, a lease
    PASSED = "passed"  #: every test passed, or passed on a retry (flaky), or was skipped beside one that passed
    FAILED = "failed"  #: a test of the user's failed
    ERROR = "error"  #: we, or the script's set-up, failed; `Reason` says how
    TIMED_OUT = "timed_out"  #: the time ran out, on Playwright's clock or on ours
    CANCELLED = "cancelled"  #: somebody stopped it

    @property
    def is_terminal(self) -> bool:
        """Whether nothing comes after it."""
        return self not in {RunStatus.QUEUED, RunStatus.RUNNING}


class TestStatus(StrEnum):
    """Where one test of a run stands: a run's statuses, and the two that only a test can have."""

    __test__ = False  # no test class, whatever pytest reads into the name

    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FLAKY = "flaky"  #: passed, but only on a retry
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing comes after it."""
        return self not in {TestStatus.QUEUED, TestStatus.RUNNING}


class Reason(StrEnum):
    """Why a test did not get a plain pass or fail. Machine-readable; `ADVICE` has the sentence for a person."""

    SCRIPT_INVALID = "script_invalid"
    NO_TESTS = "no_tests"
    NO_REPORT = "no_report"
    BROWSER_CRASHED = "browser_crashed"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    WORKER_LOST = "worker_lost"
    DEADLINE = "deadline"
    TEST_TIMEOUT = "test_timeout"
    CANCELLED = "cancelled"
    STOPPED_EARLY = "stopped_early"
    VARIABLES_UNREADABLE = "variables_unreadable"
    INTERNAL = "internal"

    @property
    def is_infrastructure(self) -> bool:
        """Whether a further attempt may well succeed: it says nothing about the user's test."""
        return self in {Reason.BROWSER_CRASHED, Reason.OUT_OF_MEMORY, Reason.WORKER_LOST, Reason.INTERNAL}


#: What a person can do about each reason.
ADVICE: dict[Reason, str] = {
    Reason.SCRIPT_INVALID: "The script could not be loaded. Only @playwright/test and Node's own modules can be imported.",
    Reason.NO_TESTS: "No test ran. Declare at least one with test('title', async ({ page }) => { ... }) and do not skip all.",
    Reason.NO_REPORT: "The script ended its own runner (process.exit, or a kill) before the runner could report.",
    Reason.BROWSER_CRASHED: "The browser crashed. If it keeps happening, the page may need more memory than a run has.",
    Reason.OUT_OF_MEMORY: "The run needed more memory than it may have. Close pages and contexts, or raise the limit.",
    Reason.DISK_FULL: "The run wrote more than it may have on disk. Record less: fewer videos, smaller attachments; or raise the limit.",
    Reason.WORKER_LOST: "The worker that ran this test disappeared, and so did its successors. Run it again.",
    Reason.DEADLINE: "The run was stopped at its deadline. Raise timeoutSeconds, or look for a loop that never ends.",
    Reason.TEST_TIMEOUT: "A test reached its time limit. The trace shows the step that it was waiting in.",
    Reason.CANCELLED: "Somebody cancelled the run.",
    Reason.STOPPED_EARLY: "The job stops after so many failures, and they had come; this test was not begun.",
    Reason.VARIABLES_UNREADABLE: "The variables could not be decrypted. The message says what is wrong with their key; the test did not run.",
    Reason.INTERNAL: "Matinee failed, not your test. The run's id finds it in the logs.",
}


class Counts(BaseModel):
    """How many of a run's tests stand where. `total` counts all, also those that are queued or running."""

    model_config = ConfigDict(frozen=True)

    total: int = 0
    passed: int = 0
    failed: int = 0
    flaky: int = 0
    skipped: int = 0
    error: int = 0

    @classmethod
    def of(cls, statuses: Iterable[TestStatus]) -> "Counts":
        """Count `statuses`; a timeout counts as failed, a cancelled test as skipped."""
        found = list(statuses)
        return cls(
            total=len(found),
            passed=found.count(TestStatus.PASSED),
            failed=found.count(TestStatus.FAILED) + found.count(TestStatus.TIMED_OUT),
            flaky=found.count(TestStatus.FLAKY),
            skipped=found.count(TestStatus.SKIPPED) + found.count(TestStatus.CANCELLED),
            error=found.count(TestStatus.ERROR),
        )


#: The worst first: a run's verdict is the first of these that one of its tests has.
_VERDICTS: tuple[tuple[TestStatus, RunStatus], ...] = (
    (TestStatus.CANCELLED, RunStatus.CANCELLED),
    (TestStatus.ERROR, RunStatus.ERROR),
    (TestStatus.FAILED, RunStatus.FAILED),
    (TestStatus.TIMED_OUT, RunStatus.TIMED_OUT),
    (TestStatus.PASSED, RunStatus.PASSED),
    (TestStatus.FLAKY, RunStatus.PASSED),
)


def verdict(statuses: Iterable[TestStatus]) -> RunStatus:
    """Give the run's verdict from its tests' final statuses.

    A run in which every test was skipped proves nothing, so it is an error, not a pass.

    Raises:
        ValueError: if a test has not ended yet.
    """
    found = set(statuses)
    if any(not status.is_terminal for status in found):
        raise ValueError("a run has no verdict while one of its tests is queued or running")
    return next((run for test, run in _VERDICTS if test in found), RunStatus.ERROR)
