"""Keep EventBridge Scheduler in step with what people saved, and the account of ticks complete."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.cron import CronError
from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.model.schedule import GRACE, Missed
from matinee.stores.scheduler import Entry, Scheduler, entries
from matinee.stores.schedules import MOST_AT_ONCE, Schedule, Schedules
from matinee.usecases.tick import Ticker

logger = logging.getLogger(__name__)

#: One job's schedule that Scheduler does not take keeps no other from being mended; if it takes so many not, it is down.
_MOST_REFUSED = 5
_LATE = "Started late: it did not come when it was due."


@dataclass(frozen=True)
class Timekeeper:
    """Looks after schedules. Everything may be asked twice, and by two at once."""

    schedules: Schedules
    scheduler: Scheduler

    def sync(self, job_id: str) -> None:
        """Let Scheduler have what the job's schedule is now, or that it has none. What fails is sweep's."""
        try:
            schedule = self.schedules.find(job_id)
            wanted = entries(schedule, now=datetime.now(UTC)) if schedule else {}
            self._mend(wanted, self.scheduler.names(job_id))
        except (DatabaseUnavailableError, LiveUnavailableError):
            logger.warning("job %s: its schedule is for the next sweep", job_id)

    def sync_all(self) -> Mapping[str, int]:
        """Compare all that Scheduler has with all that it should have, mend the difference; give how often what was done.

        Raises:
            LiveUnavailableError: if Scheduler does not answer.
        """
        there = self.scheduler.names()  # first: what is saved meanwhile is not taken for something left behind
        now = datetime.now(UTC)
        wanted = {entry: at for schedule in enabled(self.schedules) for entry, at in entries(schedule, now=now).items()}
        return self._mend(wanted, there)

    def _mend(self, wanted: Mapping[Entry, datetime], there: frozenset[str]) -> Mapping[str, int]:
        """Create before deleting: in between a tick may come twice, which counts once, but none is lost."""
        refused: Counter[str] = Counter()
        done = {"schedules_created": 0, "schedules_deleted": 0}
        for entry, following in wanted.items():
            if entry.name not in there:
                try:
                    self.scheduler.create(entry, following=following)
                except LiveUnavailableError:
                    refused[entry.job_id] += 1
                    if len(refused) == _MOST_REFUSED:
                        raise
                    logger.exception("job %s: Scheduler does not take %s", entry.job_id, entry.expression)
                    continue
                done["schedules_created"] += 1
                logger.info("schedule %s created: %s %s", entry.name, entry.expression, entry.timezone)
        for name in there - {entry.name for entry in wanted}:
            if name.partition(".")[0] in refused:
                continue  # the old one fires until the new one is there
            self.scheduler.delete(name)
            done["schedules_deleted"] += 1
            logger.info("schedule %s deleted", name)
        return done


@dataclass(frozen=True)
class Accountant:
    """Sees that each tick has its row."""

    timekeeper: Timekeeper
    ticker: Ticker

    def account(self, *, everything: bool = False) -> Mapping[str, int]:
        """Record what should have come and did not; start late what is to be made up for; give how often what was done.

        With `everything` nothing that is due can still be on its way: for a start after which Scheduler may be empty.
        """
        ticks, now = self.ticker.ticks, datetime.now(UTC)
        done: Counter[str] = Counter()
        for schedule in enabled(self.timekeeper.schedules):
            if due := schedule.due(now if everything else now - GRACE):
                if schedule.missed is Missed.RUN_ONCE and len(due) < MOST_AT_ONCE:  # else the last is still to come
                    done["ticks_made_up_for"] += self._make_up(schedule, due)
                done["ticks_missed"] += ticks.account(schedule, due)
        return done

    def _make_up(self, schedule: Schedule, due: Sequence[datetime]) -> int:
        at = self.ticker.ticks.newest_owed(schedule, due)
        if at is None:
            return 0
        try:
            self.ticker.fire(schedule, at, message=_LATE)
        except NotFoundError:
            return 0  # deleted in this moment
        return 1


def enabled(schedules: Schedules) -> Iterator[Schedule]:
    """Give all schedules that are not paused."""
    page = schedules.enabled()
    while page:
        yield from filter(_is_readable, page)
        page = schedules.enabled(after=page[-1].job_id)


def _is_readable(schedule: Schedule) -> bool:
    """Whether it still makes sense: time zones come and go, and one must not keep the others from being looked after."""
    try:
        schedule.plan  # noqa: B018 - it is read here
    except CronError as error:
        logger.error("job %s: its schedule cannot be read any more: %s", schedule.job_id, error)  # noqa: TRY400
        return False
    return True
