"""How a test ended, in the words of the live table and of its report."""

from matinee.model.clock import now_ms
from matinee.model.lease import Lease
from matinee.model.run import ADVICE, Reason, TestStatus
from matinee.model.work import TestOrder, TestResult
from matinee.runner.execution import Execution
from matinee.runner.told import Told

#: How often a test is begun at the most, when what stopped it says nothing about the test.
MOST_ATTEMPTS = 3


def told_of(order: TestOrder, execution: Execution) -> Told:
    """Tell of a test what its report shall bear out."""
    verdict, took = execution.verdict, round(execution.ending.seconds * 1000)
    return Told(
        title=order.title,
        status=verdict.status,
        message=verdict.message,
        started_at=now_ms() - took,
        duration_ms=took,
        cases=execution.cases,
    )


def result_of(lease: Lease, execution: Execution) -> TestResult:
    """Compose the result of a test that was executed."""
    verdict = execution.verdict
    return TestResult(
        status=verdict.status,
        reason=verdict.reason,
        message=verdict.message,
        started_at=lease.started_at or now_ms(),
        ended_at=now_ms(),
        duration_ms=round(execution.ending.seconds * 1000),
        attempts=lease.attempt,
        cases=execution.cases,
        report=True,
        console_bytes=len(execution.console),
    )


def ended(lease: Lease, status: TestStatus, reason: Reason, *, message: str | None = None) -> TestResult:
    """Compose the result of a test that did not run, or not to its end, and left nothing to report."""
    now = now_ms()
    return TestResult(
        status=status,
        reason=reason,
        message=message or ADVICE[reason],
        started_at=lease.started_at or now,
        ended_at=now,
        duration_ms=0,
        attempts=min(lease.attempt, MOST_ATTEMPTS),
        report=False,
    )
