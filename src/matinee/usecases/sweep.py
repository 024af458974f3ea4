"""Every minute: bring to its end what got lost on the way, and forget what is old."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.stores.api_keys import ApiKeys
from matinee.stores.audit import Audit
from matinee.stores.deletions import Deletions
from matinee.stores.keys import Keys
from matinee.stores.limits import LimitBook
from matinee.stores.rows import RunSummary
from matinee.stores.runs import Runs
from matinee.stores.sessions import Sessions
from matinee.stores.sweeps import Sweeps
from matinee.stores.ticks import Ticks
from matinee.stores.tracking import Tracking
from matinee.usecases.dead import DeadLetters
from matinee.usecases.mend import Mender
from matinee.usecases.purge import Purger
from matinee.usecases.schedule import Accountant

logger = logging.getLogger(__name__)

_IDEMPOTENCY_KEYS_LAST = timedelta(days=1)
#: As openapi.json says.
_AUDIT_KEPT = timedelta(days=400)
#: So many runs at most expire with one sweep: each may have a thousand tests.
_EXPIRED_AT_ONCE = 100
#: However long the mending takes, for so long each of the other things is done.
_LEAST_S = 3.0


@dataclass(frozen=True)
class Sweeper:
    """Looks after everything that nobody else looks after any more. Two at once do no harm."""

    runs: Runs
    tracking: Tracking
    keys: Keys
    api_keys: ApiKeys
    sessions: Sessions
    audit: Audit
    limits: LimitBook
    mender: Mender
    dead_letters: DeadLetters
    deletions: Deletions
    purger: Purger
    ticks: Ticks
    sweeps: Sweeps
    accountant: Accountant
    keep: timedelta  #: for so long a run is kept after its end

    def sweep(self, *, everything: bool = False, patience_s: float = 45.0) -> Mapping[str, int]:
        """Mend all unfinished runs, oldest first, then forget what is old; give how often what was done.

        It takes little longer than `patience_s`; what is left is for the next sweep. With `everything` no grace is given:
        for a start after which queues and live table may be empty.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: the next sweep will do better.
        """
        done: Counter[str] = Counter()
        deadline = time.monotonic() + patience_s
        began = datetime.now(UTC)
        last = self.sweeps.begin(began)
        since = timedelta(0) if last is None else began - last
        done.update(self._keep_time(everything=everything))
        for run in self._unfinished():
            if time.monotonic() > deadline:
                break
            done.update(self._mend_safely(run, everything=everything, since=since))
        else:
            self.sweeps.end(began)
        done.update(self.dead_letters.clear(patience_s=max(_LEAST_S, deadline - time.monotonic())))
        done.update(self._forget(patience_s=max(_LEAST_S, deadline - time.monotonic())))
        return {what: times for what, times in done.items() if times}

    def _keep_time(self, *, everything: bool) -> Mapping[str, int]:
        """Look after schedules. Scheduler, or a queue, may be away: that must not keep the runs from being mended."""
        done: Counter[str] = Counter()
        try:
            done.update(self.accountant.account(everything=everything))
            done.update(self.accountant.timekeeper.sync_all())
        except LiveUnavailableError as error:
            logger.warning("the next sweep looks after the schedules: %s", error.detail)
        return done

    def _forget(self, *, patience_s: float) -> Mapping[str, int]:
        now = datetime.now(UTC)
        self.sweeps.forget(now - self.keep)
        return {
            "tickets_forgotten": self.keys.forget_tickets(),
            "sessions_forgotten": self.sessions.forget(),
            "keys_forgotten": self.api_keys.forget(),
            "requests_forgotten": self.limits.forget(),
            "audit_forgotten": self.audit.forget(before=now - _AUDIT_KEPT),
            "idempotency_keys_forgotten": self.runs.forget_idempotency_keys(before=now - _IDEMPOTENCY_KEYS_LAST),
            "runs_expired": self.deletions.expire(now - self.keep, limit=_EXPIRED_AT_ONCE),
            "ticks_forgotten": self.ticks.forget(now - self.keep),
            "runs_purged": self.purger.purge(patience_s=patience_s),
        }

    def _unfinished(self) -> Iterator[RunSummary]:
        page = self.tracking.unfinished()
        while page:
            yield from page
            page = self.tracking.unfinished(after=page[-1].id)

    def _mend_safely(self, run: RunSummary, *, everything: bool, since: timedelta) -> list[str]:
        """Mend one run; one that cannot be mended must not keep the others from it."""
        try:
            done = list(self.mender.mend(run, everything=everything, since=since))
        except (DatabaseUnavailableError, LiveUnavailableError):
            raise
        except NotFoundError:
            return []  # deleted in this moment
        except Exception:
            logger.exception("a run cannot be mended", extra={"run_id": run.id})
            return ["failed"]
        for what in done:
            logger.info("mended: %s", what, extra={"run_id": run.id})
        return done
