"""Let sweep rest while nothing goes on, so that the database can pause."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matinee.model.schedule import GRACE
from matinee.stores.alarm_clock import AlarmClock
from matinee.stores.schedules import Schedules
from matinee.stores.tracking import Tracking
from matinee.usecases.schedule import enabled


@dataclass(frozen=True)
class Rest:
    """Knows whether sweep is needed. It is whenever something was changed, until all of that has ended."""

    clock: AlarmClock
    tracking: Tracking
    schedules: Schedules
    longest: timedelta  #: what nobody started, such as what is too old, waits so long; with none there is no rest

    def over(self) -> bool:
        """Whether sweep is needed now.

        Raises:
            LiveUnavailableError: if that cannot be known.
        """
        return not self.longest or self.clock.rings()

    def disturb(self) -> None:
        """Say that something is about to be changed: a run, a job, a schedule.

        Raises:
            LiveUnavailableError: if that cannot be said; then it must not be changed, for nobody would look after it.
        """
        if self.longest:
            self.clock.ring()

    def begin(self, began: datetime) -> bool:
        """Rest, if the sweep that began at `began` has left nothing to do; False if not."""
        if not self.longest or self.tracking.unfinished(limit=1):
            return False
        return self.clock.rest(began, until=min([datetime.now(UTC) + self.longest, *self._ticks()]))

    def _ticks(self) -> Iterator[datetime]:
        """Give when each schedule's next tick should have been taken."""
        now = datetime.now(UTC)
        for schedule in enabled(self.schedules):
            for at in schedule.plan.after(now):
                yield at + GRACE
                break
