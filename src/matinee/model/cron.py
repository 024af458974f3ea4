"""When a schedule fires: cron expressions and rates, in words, as times, and as EventBridge Scheduler takes them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from typing import cast
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from matinee.model.cron_fields import FIVE, SIX, CronError, Word, as_cron, values_of, words_of
from matinee.model.rhythm import EARLIEST, YEARS, Calendar, Interval, Irregular, within_years
from matinee.model.zones import zone_of

__all__ = ["MAX_EXPRESSION_LENGTH", "CronError", "Irregular", "Timetable", "read"]

MAX_EXPRESSION_LENGTH = 200
_MAX_IRREGULAR = 20

_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60}
_DAYS_OF_MONTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Timetable:
    """What an expression means in a time zone."""

    expressions: tuple[str, ...]  #: for Scheduler; two that may meet, where either of the two day fields is enough
    words: str
    zone: ZoneInfo
    rhythm: Calendar | Interval

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Give the times after an aware moment, in UTC, in order, each once; none are later than the year 2199."""
        return (at for at in self.rhythm.since(within_years(moment)) if at > moment)

    def fires_at(self, moment: datetime) -> bool:
        """Tell whether this very moment is one of the times."""
        # In UTC: a zone's own time that exists twice equals nothing in another zone.
        return moment >= EARLIEST and next(self.rhythm.since(within_years(moment)), None) == within_years(moment)

    def irregular(self, since: datetime, until: datetime) -> Sequence[Irregular]:
        """Give the first few times from `since` to before `until` that a change of the clocks affects."""
        return tuple(islice(self.rhythm.irregular(within_years(since), within_years(until)), _MAX_IRREGULAR))


def read(expression: str, timezone: str, *, anchor: datetime) -> Timetable:
    """Read a schedule's expression; a rate counts from the aware `anchor`.

    Raises:
        CronError: naming what is wrong with it, and where.
    """
    _check_characters(expression)
    zone = zone_of(timezone)
    call = re.fullmatch(r"\s*([A-Za-z]\w*)\s*(\().*", expression)
    if expression.lstrip().startswith("@"):
        table = _five(_macro(expression), zone)
    elif call:
        table = _called(call[1].lower(), expression, call.end(2), zone, anchor)
    else:
        table = _five(expression, zone)
    if next(table.after(EARLIEST - timedelta(seconds=1)), None) is None:
        raise CronError(f"{expression.strip()} never fires: no such time comes in {timezone} before the year 2200")
    return table


def _check_characters(expression: str) -> None:
    if not expression.strip(" \t"):
        raise CronError("the expression is empty: write five fields such as 0 9 * * 1-5, or rate(15 minutes)")
    if len(expression) > MAX_EXPRESSION_LENGTH:
        raise CronError(f"the expression has {len(expression)} characters: {MAX_EXPRESSION_LENGTH} are the most")
    for place, character in enumerate(expression, 1):
        if character != "\t" and not " " <= character <= "~":
            kind = "a control character" if character < " " or character == "\x7f" else "outside of ASCII"
            raise CronError(
                f"character {place} (U+{ord(character):04X}) is {kind}: "
                "an expression has the digits 0 to 9, the letters a to z, spaces and * , - / # ? @ ( )",
                position=place,
            )


def _macro(expression: str) -> str:
    word = words_of(expression)[0]
    name = expression.strip().lower()
    if name == "@reboot":
        raise word.fault("@reboot is no time: a schedule knows of no computer that starts")
    if name not in _MACROS:
        near = get_close_matches(name, _MACROS, 1)
        raise word.fault(f"{name} is not known: there are {', '.join(_MACROS)}", near[0] if near else None)
    return _MACROS[name]


def _called(name: str, expression: str, start: int, zone: ZoneInfo, anchor: datetime) -> Timetable:
    word = words_of(expression)[0]
    if name not in ("cron", "rate", "at"):
        raise word.fault(f"{name}(...) is not known: there are cron(...) and rate(...)")
    if name == "at":
        raise word.fault(
            "at(...) is one moment, and a schedule repeats: use cron(...) with a year, or start a run then"
        )
    body = expression[start:].rstrip()
    if not body.endswith(")"):
        raise CronError(
            f"{name}( has no ) at its end", position=len(expression.rstrip()) + 1, suggestion=f"{expression.strip()})"
        )
    words = words_of(body[:-1], start)
    return _rate(words, zone, anchor, word) if name == "rate" else _six(words, zone, word)


def _rate(words: Sequence[Word], zone: ZoneInfo, anchor: datetime, start: Word) -> Timetable:
    if len(words) != 2:  # noqa: PLR2004
        raise start.fault("a rate is a number and a unit, as in rate(15 minutes)")
    number, unit = words
    if not number.text.isdigit() or not (count := int(number.text)):
        raise number.fault(f"{number.text.lower()} is no number for a rate: it counts from 1")
    single = unit.text.lower().removesuffix("s")
    if single not in _UNITS:
        near = get_close_matches(single, _UNITS, 1)
        guess = near[0] + ("s" if count > 1 else "") if near else None
        raise unit.fault(f"{unit.text.lower()} is no unit of a rate: there are minutes, hours and days", guess)
    right = single if count == 1 else f"{single}s"
    if right != unit.text.lower():
        raise unit.fault(f"Scheduler wants {right} after {count}, not {unit.text.lower()}", right)
    # What lies beyond all years is left there: a timedelta has an end.
    step = timedelta(minutes=min(count * _UNITS[single], _UNITS["day"] * 366 * len(YEARS)))
    words_of_rate = f"Every {single}" if count == 1 else f"Every {count} {right}"
    return Timetable((f"rate({count} {right})",), words_of_rate, zone, Interval(anchor.astimezone(UTC), step))


def _five(expression: str, zone: ZoneInfo) -> Timetable:
    words = words_of(expression)
    if len(words) != len(FIVE):
        raise _miscounted(expression, words, zone)
    cron = _settled([as_cron(field, field.terms(word)) for field, word in zip(FIVE, words, strict=True)], words)
    return Timetable(_translated(cron), _explained(cron), zone, Calendar(cron, YEARS, zone))


def _miscounted(expression: str, words: Sequence[Word], zone: ZoneInfo) -> CronError:
    fields = ", ".join(field.name for field in FIVE)
    own = ""
    suggestion = None
    if len(words) == len(SIX):
        own = "; Scheduler's own six fields go in cron(...)"
        suggestion = _if_readable(f"cron({expression.strip()})", zone)
    many = "1 field" if len(words) == 1 else f"{len(words)} fields"
    surplus = words[len(FIVE)].position if len(words) > len(FIVE) else None
    return CronError(f"the expression has {many}: five are {fields}{own}", position=surplus, suggestion=suggestion)


def _if_readable(expression: str, zone: ZoneInfo) -> str | None:
    try:
        read(expression, zone.key, anchor=EARLIEST)
    except CronError:
        return None
    return expression


def _six(words: Sequence[Word], zone: ZoneInfo, start: Word) -> Timetable:
    if len(words) != len(SIX):
        raise start.fault(f"cron(...) has six fields, the last of them the year: {len(words)} are there")
    days, weekdays = words[2], words[4]
    if "?" not in (days.text, weekdays.text):
        hint = weekdays if weekdays.text == "*" or days.text != "*" else days
        raise hint.fault(
            "one of day of month and day of week must be ?: Scheduler takes no two of them",
            "?" if hint.text == "*" else None,
        )
    if days.text == weekdays.text:
        raise weekdays.fault("only one of day of month and day of week can be ?: write * for every day", "*")
    fields = [
        "*" if word in (days, weekdays) and word.text == "?" else as_cron(field, field.terms(word))
        for field, word in zip(SIX[:5], words[:5], strict=True)
    ]
    years = values_of(SIX[5], SIX[5].terms(words[5]))
    cron = _settled(fields, words)
    expression = f"cron({' '.join(word.text for word in words)})"
    return Timetable((expression,), _explained(cron) + _in_years(years), zone, Calendar(cron, years, zone))


def _settled(fields: Sequence[str], words: Sequence[Word]) -> str:
    """Let a day field that adds nothing be `*`, so that what is left of the two decides.

    Debian's cron wants both where one of them begins with `*`, and otherwise either.
    """
    minute, hour, days, month, weekdays = fields
    try:
        parsed = CronSim(" ".join(fields), EARLIEST.replace(tzinfo=None))
    except CronSimError as never:
        raise words[2].fault("the schedule never fires: none of its months has such a day", "L") from never
    all_days = SIX[2].compact(parsed.days) == "*"
    all_weekdays = _weekdays(parsed) == "*"
    either = not parsed.day_and
    if all_days or (
        either and (all_weekdays or min(parsed.days) > max(_DAYS_OF_MONTHS[each] for each in parsed.months))
    ):
        days = "*"
    if all_weekdays or (either and all_days):
        weekdays = "*"
    if not either and days != "*" and weekdays != "*":
        starred, other = (words[2], words[4]) if days.startswith("*") else (words[4], words[2])
        guess = starred.text.replace("*", "1-31" if starred is words[2] else "0-6")
        raise starred.fault(
            f"{starred.text} begins with *, so that a day must match it and {other.text} both, which Scheduler cannot "
            f"express: if either is enough, write {guess}",
            guess,
        )
    return f"{minute} {hour} {days} {month} {weekdays}"


def _translated(cron: str) -> tuple[str, ...]:
    parsed = CronSim(cron, EARLIEST.replace(tzinfo=None))
    minute, hour, month = (SIX[n].compact(v) for n, v in ((0, parsed.minutes), (1, parsed.hours), (3, parsed.months)))
    days = "L" if CronSim.LAST in parsed.days else SIX[2].compact(parsed.days)
    weekdays = _weekdays(parsed)
    pairs = [(days, "?")] if days != "*" or weekdays == "*" else []
    pairs += [("?", weekdays)] if weekdays != "*" else []
    return tuple(f"cron({minute} {hour} {day} {month} {weekday} *)" for day, weekday in pairs)


def _weekdays(parsed: CronSim) -> str:
    for each in parsed.weekdays:
        if isinstance(each, tuple):
            day, nth = each
            return f"{day % 7 + 1}" + ("L" if nth == CronSim.LAST else f"#{nth}")
    return SIX[4].compact({cast("int", each) % 7 + 1 for each in parsed.weekdays})


def _explained(cron: str) -> str:
    said = CronSim(cron, EARLIEST.replace(tzinfo=None)).explain().replace(" and on ", " and also on ")
    endings = {"1": "1st", "2": "2nd", "3": "3rd"}
    return re.sub(r"(?<!1)([123])th\b", lambda found: endings[found[1]], said)


def _in_years(years: Sequence[int]) -> str:
    if len(years) == len(YEARS):
        return ""
    if len(years) > 1 and years[-1] - years[0] == len(years) - 1:
        return f", from {years[0]} to {years[-1]}"
    return f", in {', '.join(map(str, years[:4]))}" + (", ..." if len(years) > 4 else "")  # noqa: PLR2004
