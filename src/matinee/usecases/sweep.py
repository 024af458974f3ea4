"""Every minute: bring to its end what got lost on the way, and forget what is old."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.stores.keys import Keys
from matinee.stores.rows import RunSummary
from matinee.stores.runs import Runs
from matinee.stores.tracking import Tracking
from matinee.usecases.dead import DeadLetters
from matinee.usecases.mend import Mender

logger = logging.getLogger(__name__)

_IDEMPOTENCY_KEYS_LAST = timedelta(days=1)


@dataclass(frozen=True)
class Sweeper:
    """Looks after everything that nobody else looks after any more. Two at once do no harm."""

    runs: Runs
    tracking: Tracking
    keys: Keys
    mender: Mender
    dead_letters: DeadLetters

    def sweep(self, *, everything: bool = False, patience_s: float = 45.0) -> Mapping[str, int]:
        """Mend all unfinished runs, oldest first, for at most `patience_s`; give how often what was done.

        With `everything` no grace is given: for a start after which queues and live table may be empty.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: the next sweep will do better.
        """
        done = Counter(self.dead_letters.clear())
        deadline = time.monotonic() + patience_s
        for run in self._unfinished():
            if time.monotonic() > deadline:
                break
            done.update(self._mend_safely(run, everything=everything))
        done["tickets_forgotten"] = self.keys.forget_tickets()
        before = datetime.now(UTC) - _IDEMPOTENCY_KEYS_LAST
        done["idempotency_keys_forgotten"] = self.runs.forget_idempotency_keys(before=before)
        return {what: times for what, times in done.items() if times}

    def _unfinished(self) -> Iterator[RunSummary]:
        page = self.tracking.unfinished()
        while page:
            yield from page
            page = self.tracking.unfinished(after=page[-1].id)

    def _mend_safely(self, run: RunSummary, *, everything: bool) -> list[str]:
        """Mend one run; one that cannot be mended must not keep the others from it."""
        try:
            done = list(self.mender.mend(run, everything=everything))
        except (DatabaseUnavailableError, LiveUnavailableError):
            raise
        except NotFoundError:
            return []  # deleted in this moment
        except Exception:
            logger.exception("run %s cannot be mended", run.id)
            return ["failed"]
        for what in done:
            logger.info("run %s: %s", run.id, what)
        return done
