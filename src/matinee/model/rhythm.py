"""When something fires: at times on a wall's clock, in a zone, or every so often in real time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim

#: The years that Scheduler knows.
YEARS = range(1970, 2200)
EARLIEST = datetime(YEARS[0], 1, 1, tzinfo=UTC)
#: No zone's year 2199 lasts longer.
LATEST = datetime(YEARS[-1] + 1, 1, 2, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Irregular:
    """A time on the wall that a change of the clocks leaves out, or brings twice."""

    local: datetime
    what: Literal["skipped", "once"]


@dataclass(frozen=True)
class Calendar:
    """Times on the wall, in a zone. The clocks' changes are ours to deal with: Scheduler's rule is not Debian's."""

    cron: str
    years: Sequence[int]
    zone: ZoneInfo

    def since(self, moment: datetime) -> Iterator[datetime]:
        """Give what fires at `moment` or later: what does not exist is left out, of what exists twice the first."""
        for local in self.wall_clock(moment.astimezone(self.zone).replace(tzinfo=None)):
            first, second = _instants(local, self.zone)
            if moment <= first <= second:
                yield first

    def wall_clock(self, start: datetime) -> Iterator[datetime]:
        """Give the naive times from `start` on."""
        for year in self.years:
            if year >= start.year:
                for local in CronSim(self.cron, max(start, datetime(year, 1, 1)) - _SECOND):  # noqa: DTZ001
                    if local.year > year:
                        break
                    yield local

    def irregular(self, since: datetime, until: datetime) -> Iterator[Irregular]:
        """Look only into the days on which the clocks change."""
        day = datetime.combine(since.astimezone(self.zone), datetime.min.time()) - _DAY
        while (dawn := day.replace(tzinfo=self.zone)) < until:
            following = (day + _DAY).replace(tzinfo=self.zone, fold=1)
            if dawn.utcoffset() != following.utcoffset():
                yield from self._irregular(day, since, until)
            day += _DAY

    def _irregular(self, day: datetime, since: datetime, until: datetime) -> Iterator[Irregular]:
        for local in self.wall_clock(day):
            if local >= day + _DAY:
                return
            first, second = _instants(local, self.zone)
            if first != second and since <= first < until:
                yield Irregular(local, "skipped" if second < first else "once")


@dataclass(frozen=True)
class Interval:
    """Real time, whatever the clocks say."""

    anchor: datetime
    step: timedelta

    def since(self, moment: datetime) -> Iterator[datetime]:
        """Give what fires at `moment` or later."""
        count = max(1, -((self.anchor - moment) // self.step))
        while count * self.step < LATEST - self.anchor:
            yield self.anchor + count * self.step
            count += 1

    def irregular(self, since: datetime, until: datetime) -> Iterator[Irregular]:  # noqa: ARG002
        """Give nothing: no clock matters."""
        return iter(())


def within_years(moment: datetime) -> datetime:
    """Bring a moment into the years that there are, where no arithmetic overflows."""
    return min(max(moment, EARLIEST), LATEST).astimezone(UTC)


def _instants(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Give both readings of a naive time: the same as a rule; the second earlier if the clocks leave it out."""
    aware = local.replace(tzinfo=zone)
    return aware.astimezone(UTC), aware.replace(fold=1).astimezone(UTC)
