"""Stop a run: at once where nobody runs it, else by asking who does."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.clock import now_ms
from matinee.model.lease import Lease
from matinee.model.run import ADVICE, Reason, TestStatus
from matinee.model.work import TestResult
from matinee.stores.live import LiveTable
from matinee.stores.rows import Run
from matinee.stores.tracking import Tracking
from matinee.usecases.close import Closer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Canceller:
    """Stops runs. Nothing happens to one that has ended."""

    tracking: Tracking
    live: LiveTable
    closer: Closer

    def cancel(self, workspace_id: str, run_id: str) -> Run:
        """Stop a run; give it as it is at this moment, so most often still open.

        Raises:
            NotFoundError: if the workspace has no such run.
            LiveUnavailableError: if that is not known to the workers yet; sweep tells them later.
        """
        run, ended = self.tracking.request_cancel(workspace_id, run_id, at=datetime.now(UTC))
        logger.info("a run is to be cancelled", extra={"run_id": run_id})
        self._stop(run_id, [test.id for test in run.tests if not test.status.is_terminal])
        if ended:
            self.closer.unsent_ended(run_id)
        return run

    def stop(self, run_id: str, test_id: str) -> None:
        """Stop one test: its worker hears of it within a second; without one it is over now."""
        self._stop(run_id, [test_id])

    def _stop(self, run_id: str, test_ids: Sequence[str]) -> None:
        """Ask first, of all tests: those that somebody runs shall not go on while the others are ended here."""
        leases = [(test_id, self.live.request_cancel(run_id, test_id)) for test_id in test_ids]
        for test_id, lease in leases:
            if not lease.done and not is_held(lease, at=now_ms()):
                result = unfinished(lease, status=TestStatus.CANCELLED, reason=Reason.CANCELLED)
                self.live.put_result(run_id, test_id, result)


def is_held(lease: Lease | None, *, at: int) -> bool:
    """Whether somebody runs the test at that moment."""
    return lease is not None and lease.owner is not None and lease.until > at


def unfinished(lease: Lease | None, *, status: TestStatus, reason: Reason, message: str | None = None) -> TestResult:
    """Give the result of a test that ends now although nobody finished it."""
    now = now_ms()
    begun = (lease and lease.started_at) or now
    return TestResult(
        status=status,
        reason=reason,
        message=message or ADVICE[reason],
        started_at=begun,
        ended_at=now,
        duration_ms=now - begun,
        attempts=lease.attempt if lease else 0,
        report=False,
    )
