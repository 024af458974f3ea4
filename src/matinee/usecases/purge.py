"""See that of deleted runs nothing is left: no worker at them, nothing in the live table, nothing in S3."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.clock import now_ms
from matinee.model.lease import Lease
from matinee.model.run import Reason, TestStatus
from matinee.stores.artifacts import Artifacts, run_prefix
from matinee.stores.deletions import Deletions, Purge
from matinee.stores.live import LiveTable, TestState
from matinee.usecases.cancel import is_held, unfinished

logger = logging.getLogger(__name__)

#: How long after a deletion somebody may still write something down who was at the run then: a worker that hears that
#: it was cancelled, a report that is being made.
GRACE_S = 120.0
#: How long the order of a test may lie on its queue: after this it would be given up, too.
ORDERS_LAST_S = 86_400.0


@dataclass(frozen=True)
class Purger:
    """Forgets deleted runs. Two at once do no harm."""

    deletions: Deletions
    live: LiveTable
    artifacts: Artifacts

    def purge(
        self,
        *,
        patience_s: float,
        grace_s: float = GRACE_S,
        orders_last_s: float = ORDERS_LAST_S,
        only: Sequence[str] | None = None,
    ) -> int:
        """Stop who is at deleted runs, and forget those that nobody can be at any more; give how many.

        Args:
            patience_s: How long at most; the rest is for the next time.
            grace_s: How long after its deletion a run is forgotten of which more was to come.
            orders_last_s: How long afterwards the lease stays of a test that nobody took: it keeps away whoever does.
            only: Of these runs; None: of all.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: the next time will do better.
        """
        deadline = time.monotonic() + patience_s
        forgotten = 0
        for purge in self.deletions.waiting(only=only):
            if time.monotonic() > deadline:
                break
            forgotten += self._purge(purge, grace_s=grace_s, orders_last_s=orders_last_s)
        return forgotten

    def _purge(self, purge: Purge, *, grace_s: float, orders_last_s: float) -> bool:
        age_s = (datetime.now(UTC) - purge.created_at).total_seconds()
        leases = self._stopped(purge)
        if any(is_held(lease, at=now_ms()) for lease in leases.values()) or (not purge.settled and age_s < grace_s):
            return False
        untaken = [test_id for test_id, lease in leases.items() if lease.attempt == 0]
        if untaken and age_s < orders_last_s:
            self._forget(purge, but_leases=untaken)
            return False
        self._forget(purge)
        self.deletions.purged(purge.run_id)
        logger.info("a run is forgotten", extra={"run_id": purge.run_id})
        return True

    def _stopped(self, purge: Purge) -> Mapping[str, Lease]:
        """Ask whoever is at the run's tests to stop, and everybody else not to begin."""
        if not purge.open_tests:
            return {}
        known = self.live.states(purge.run_id)
        return {test_id: self._stop(purge.run_id, test_id, known.get(test_id)) for test_id in purge.open_tests}

    def _stop(self, run_id: str, test_id: str, state: TestState | None) -> Lease:
        lease = state.lease if state else None
        if lease is None or not lease.cancel:
            lease = self.live.request_cancel(run_id, test_id)
        if not lease.done and not is_held(lease, at=now_ms()):
            self.live.put_result(
                run_id, test_id, unfinished(lease, status=TestStatus.CANCELLED, reason=Reason.CANCELLED)
            )
        return lease

    def _forget(self, purge: Purge, *, but_leases: Collection[str] = ()) -> None:
        self.artifacts.delete_all(run_prefix(purge.workspace_id, purge.run_id))
        self.live.forget(purge.run_id, but_leases=but_leases)
