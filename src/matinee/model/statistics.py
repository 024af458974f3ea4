"""What figures are about: whole days of a zone's calendar, and how what ended in them came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

MAX_DAYS = 90
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Some days in a row, each from one midnight of the zone's to the next, however many hours that is."""

    first: date
    midnights: tuple[datetime, ...]  #: at which they begin, and the last one ends, in UTC
    before: datetime  #: when as many days before the first of them began

    @classmethod
    def up_to(cls, now: datetime, *, days: int, zone: ZoneInfo) -> Self:
        """Give the last `days` days; the last of them has begun, and is not over, `now`."""
        first = now.astimezone(zone).date() - (days - 1) * _DAY
        midnights = tuple(_dawn(first + number * _DAY, zone) for number in range(days + 1))
        return cls(first, midnights, before=_dawn(first - days * _DAY, zone))

    @property
    def since(self) -> datetime:
        """When they begin."""
        return self.midnights[0]

    @property
    def until(self) -> datetime:
        """When they are over."""
        return self.midnights[-1]

    @property
    def dates(self) -> Sequence[date]:
        """What the calendar calls them."""
        return [self.first + number * _DAY for number in range(len(self.midnights) - 1)]


def _dawn(day: date, zone: ZoneInfo) -> datetime:
    """Give a day's first moment. Midnight may come twice, then it is the first; or be left out, then it is what follows."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How runs, or tests of runs, ended."""

    total: int = 0
    passed: int = 0
    failed: int = 0
    flaky: int = 0  #: of tests alone, as `skipped`
    error: int = 0
    timed_out: int = 0
    cancelled: int = 0
    skipped: int = 0
    p50_ms: int | None = None  #: how long half of those took at most that somebody began
    p95_ms: int | None = None

    @property
    def pass_rate(self) -> float | None:
        """How many of those passed that were to show something; None if there is none."""
        good = self.passed + self.flaky
        counted = good + self.failed + self.error + self.timed_out
        return good / counted if counted else None
