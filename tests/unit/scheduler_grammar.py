"""EventBridge Scheduler's six fields, read from its documentation alone: what our translations are held against.

Nothing here knows of Matinee or of cronsim. A clock's changes are found by walking through real time: what the clock on
the wall never shows does not fire, and what it shows twice fires when it is first seen.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MAX_LENGTH = 256
#: What the offsets and the changes of the zones that tests ask for are multiples of, in minutes.
BLOCK = 30
_DAY = timedelta(days=1)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

Walls = dict[date, list[datetime | None]]


@dataclass(frozen=True)
class Wall:
    """What a clock on the wall shows when an expression fires."""

    days: frozenset[date]
    minutes: tuple[int, ...]  #: of a day


def read(expression: str, since: date, until: date) -> Wall:
    """Read cron(...) for the days from `since` to before `until`; ValueError for what Scheduler would not take."""
    found = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression)
    if not found or len(expression) > MAX_LENGTH:
        raise ValueError(expression)
    minute, hour, day, month, weekday, year = found.groups()
    if (day == "?") == (weekday == "?"):
        raise ValueError(f"{expression} has not exactly one ?")
    hours, minutes = _values(hour, 0, 23), _values(minute, 0, 59)
    months, years = _values(month, 1, 12, _MONTHS), _values(year, 1970, 2199)
    days = (since + n * _DAY for n in range((until - since).days))
    return Wall(
        frozenset(each for each in days if each.year in years and each.month in months and _is_day(each, day, weekday)),
        tuple(60 * h + m for h in sorted(hours) for m in sorted(minutes)),
    )


def instants(wall: Wall, walls: Walls) -> Iterator[datetime]:
    """Give the moments, in UTC and in order, that fall on the days of `walls`."""
    for day, blocks in walls.items():
        if day in wall.days:
            for minute in wall.minutes:
                start = blocks[minute // BLOCK]
                if start is not None:
                    yield start + timedelta(minutes=minute % BLOCK)


def instant(local: datetime, walls: Walls) -> datetime | None:
    """Give the moment at which the clock first shows a naive time, if ever."""
    minute = 60 * local.hour + local.minute
    start = walls[local.date()][minute // BLOCK]
    return None if start is None else start + timedelta(minutes=minute % BLOCK)


@lru_cache
def walls_of(zone: ZoneInfo, since: date, until: date) -> Walls:
    """Watch a clock for some days: when does it first show each half of an hour?"""
    walls: Walls = {since + n * _DAY: [None] * (24 * 60 // BLOCK) for n in range((until - since).days)}
    moment = datetime(since.year, since.month, since.day, tzinfo=UTC) - _DAY
    while moment.date() <= until + _DAY:
        shown = moment.astimezone(zone)
        blocks = walls.get(shown.date())
        place = (60 * shown.hour + shown.minute) // BLOCK
        if blocks is not None and blocks[place] is None:
            blocks[place] = moment
        moment += timedelta(minutes=BLOCK)
    return walls


def _is_day(each: date, day: str, weekday: str) -> bool:
    last = monthrange(each.year, each.month)[1]
    if weekday == "?":
        return each.day == last if day == "L" else each.day in _values(day, 1, 31)
    own = each.isoweekday() % 7 + 1
    if found := re.fullmatch(r"(\w+)#([1-5])", weekday):
        return own == _value(found[1], 1, 7, _WEEKDAYS) and (each.day + 6) // 7 == int(found[2])
    if weekday == "L":
        return own == 7
    if found := re.fullmatch(r"(\d|\w{3})L", weekday):
        return own == _value(found[1], 1, 7, _WEEKDAYS) and each.day + 7 > last
    return own in _values(weekday, 1, 7, _WEEKDAYS)


@lru_cache
def _values(field: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    return frozenset(each for term in field.split(",") for each in _term(term, lowest, highest, names))


def _term(term: str, lowest: int, highest: int, names: tuple[str, ...]) -> range:
    start, slash, step = term.partition("/")
    if start == "*":
        return range(lowest, highest + 1, int(step) if slash else 1)
    first, dash, last = start.partition("-")
    begin = _value(first, lowest, highest, names)
    if slash:  # the documentation has no increments within a range
        if dash:
            raise ValueError(term)
        return range(begin, highest + 1, int(step))
    end = _value(last, lowest, highest, names) if dash else begin
    if end < begin:
        raise ValueError(term)
    return range(begin, end + 1)


def _value(text: str, lowest: int, highest: int, names: tuple[str, ...]) -> int:
    value = names.index(text) + lowest if text in names else int(text)
    if not lowest <= value <= highest:
        raise ValueError(text)
    return value
