"""Send the tests of runs to the workers: never more at once than a job wants, or its workspace may, the longest first."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.clock import now_ms
from matinee.model.errors import NotFoundError
from matinee.stores.limits import LimitBook
from matinee.stores.live import LiveTable
from matinee.stores.tracking import Tracking
from matinee.usecases.close import Closer
from matinee.usecases.dispatch import Dispatch
from matinee.usecases.milestones import run_event

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Planner:
    """Plans the runs of jobs. Everything may be asked twice, and by two at once."""

    tracking: Tracking
    limits: LimitBook
    live: LiveTable
    dispatch: Dispatch
    closer: Closer

    def plan(self, workspace_id: str, run_id: str) -> None:
        """Begin to send the run's tests.

        Raises:
            NotFoundError: if the workspace has no such run.
            LiveUnavailableError: if not all could be sent that should have been; sweep sends them later.
        """
        run = self.tracking.plan(workspace_id, run_id, at=datetime.now(UTC))
        if run.status.is_terminal:
            return
        # Whoever made the run says so, unless it broke off between the two.
        self.live.append_once(run_id, key="queued", events=[run_event(run, at=now_ms())])
        sent = self.advance(run_id)
        logger.info("a run is planned, and %d of its tests are sent or over", sent, extra={"run_id": run_id})

    def advance(self, run_id: str) -> int:
        """Send as many tests as there is room for, or end them all if the run's time or its failures say so.

        A test is marked as sent before it is, so that two at once do not send it twice. Whoever breaks off in between leaves
        it to sweep, which sends again what nobody began.

        Returns:
            How many tests were sent or ended.

        Raises:
            NotFoundError, LiveUnavailableError: as `plan` does.
        """
        taken = self.tracking.take(run_id, at=datetime.now(UTC))
        for order in taken.orders:
            self.dispatch.put(order)
        if taken.ended:
            self.closer.unsent_ended(run_id)
        return len(taken.orders) + taken.ended

    def fill(self, workspace_id: str) -> int:
        """Let whoever waits have the places of the workspace that are free, the oldest run first; give how many tests were sent or ended.

        Raises:
            LiveUnavailableError: as `plan` does.
        """
        done = 0
        for run_id in self.limits.waiting(workspace_id):
            try:
                advanced = self.advance(run_id)
            except NotFoundError:
                continue  # deleted in this moment
            if not advanced:
                return done  # it wants a place, and there is none
            done += advanced
        return done
