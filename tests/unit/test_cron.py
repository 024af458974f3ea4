from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from string import printable
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given, settings
from hypothesis import strategies as st

from matinee.model.cron import CronError, Irregular, Timetable, read
from matinee.model.cron_fields import SIX, Field
from tests.unit import scheduler_grammar as scheduler

NOW = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
#: A year with both changes of the clocks, north and south.
SINCE, UNTIL = date(2026, 7, 1), date(2027, 7, 1)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
    "UTC",
]
#: Years of more times are compared by their days, and by all times of a few days.
FEW = 600

MONTHS = ["jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "SEP", "oct", "nov", "DEC"]
WEEKDAYS = ["sun", "MON", "Tue", "wed", "THU", "fri", "sat"]


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)


def timetable(expression: str, zone: str = "Europe/Berlin") -> Timetable:
    return read(expression, zone, anchor=NOW)


def times(table: Timetable, since: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at < until, table.after(since - timedelta(microseconds=1))))


def texts(times: Sequence[datetime], zone: str) -> list[str]:
    return [at.astimezone(ZoneInfo(zone)).strftime("%d %H:%M %z") for at in times]


# What people write.


@st.composite
def a_field(draw: st.DrawFn, lowest: int, highest: int, names: Sequence[str] = (), lowest_name: int = 0) -> str:
    def value(number: int) -> str:
        if 0 <= number - lowest_name < len(names) and draw(st.booleans()):
            return names[number - lowest_name]
        return str(number)

    def term() -> str:
        kind = draw(st.sampled_from(["value", "value", "range", "star step", "range step", "start step", "star"]))
        if kind == "star":
            return "*"
        if kind == "star step":
            return f"*/{draw(st.integers(1, highest + 5))}"
        first = draw(st.integers(lowest, highest - 1))
        step = f"/{draw(st.integers(1, highest))}" if "step" in kind else ""
        if "range" in kind:
            return f"{value(first)}-{value(draw(st.integers(first + 1, highest)))}{step}"
        return f"{value(first)}{step}"

    if draw(st.integers(0, 3)) == 0:
        return "*"
    return ",".join(term() for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))))


MINUTES, HOURS = a_field(0, 59), a_field(0, 23)
DAYS = st.one_of(a_field(1, 31), a_field(1, 31), st.just("*"), st.just("*"), st.just("L"))
MONTHS_FIELD = st.one_of(st.just("*"), a_field(1, 12, MONTHS, 1))
WEEKDAYS_FIELD = st.one_of(
    a_field(0, 7, WEEKDAYS),
    a_field(0, 7, WEEKDAYS),
    st.just("*"),
    st.builds("{}L".format, st.integers(0, 7)),
    st.builds("{}#{}".format, st.sampled_from([*WEEKDAYS, *range(8)]), st.integers(1, 5)),
)
EXPRESSIONS = st.builds("{} {} {} {} {}".format, MINUTES, HOURS, DAYS, MONTHS_FIELD, WEEKDAYS_FIELD)


def read_or_know_why(expression: str, zone: str) -> Timetable | None:
    """Expect an expression to be refused just if it never fires, or two day fields must match of which neither may be left out."""
    try:
        parsed = CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001
    except CronSimError:
        with pytest.raises(CronError, match="never fires"):
            timetable(expression, zone)
        return None
    weekdays = {each % 7 for each in parsed.weekdays if isinstance(each, int)}
    if parsed.day_and and len(parsed.days) < 31 and len(weekdays) < 7:
        with pytest.raises(CronError, match=r"must match it and .* both"):
            timetable(expression, zone)
        return None
    return timetable(expression, zone)


def days_of(table: Timetable) -> list[date]:
    """Give each day of the year on which something fires, without a look at the rest of it."""
    days: list[date] = []
    dawn = datetime.combine(SINCE, datetime.min.time(), tzinfo=table.zone).astimezone(UTC)
    while True:
        first = next(table.after(dawn - timedelta(seconds=1)))
        day = first.astimezone(table.zone).date()
        if day >= UNTIL:
            return days
        days.append(day)
        dawn = datetime.combine(day + DAY, datetime.min.time(), tzinfo=table.zone).astimezone(UTC)


def days_read(wall: scheduler.Wall, walls: scheduler.Walls) -> set[date]:
    return {day for day in wall.days if any(walls[day][minute // scheduler.BLOCK] for minute in wall.minutes)}


def days_to_compare(walls: scheduler.Walls) -> list[scheduler.Walls]:
    """Give the days that have not 24 hours, and an ordinary one."""
    days = [*walls]
    odd = [day for day, after in pairwise(days) if dawn(walls, after) - dawn(walls, day) != DAY]
    return [{day: walls[day]} for day in [*odd, SINCE + 20 * DAY]]


def dawn(walls: scheduler.Walls, day: date) -> datetime:
    return next(at for at in walls[day] if at)


# The translation.


@pytest.mark.timeout(900)
@settings(max_examples=2_000, deadline=None, derandomize=True)
@given(EXPRESSIONS, st.sampled_from(ZONES))
def test_what_scheduler_is_given_fires_at_the_times_of_the_timetable(expression: str, zone: str) -> None:
    """Over a year with both changes of the clocks, as somebody reads it who knows only Scheduler's documentation."""
    table = read_or_know_why(expression, zone)
    if not table:
        return
    walls = scheduler.walls_of(table.zone, SINCE, UNTIL)
    back = [scheduler.read(each, SINCE, UNTIL) for each in table.expressions]
    compared = [walls]
    if sum(len(each.days) * len(each.minutes) for each in back) > FEW:
        assert sorted({day for each in back for day in days_read(each, walls)}) == days_of(table)
        compared = days_to_compare(walls)
    for days in compared:
        expected = sorted({at for each in back for at in scheduler.instants(each, days)})
        seen = [at for blocks in days.values() for at in blocks if at]
        assert expected == times(table, seen[0], seen[-1] + timedelta(minutes=scheduler.BLOCK))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(EXPRESSIONS, st.sampled_from(ZONES), st.datetimes(datetime(2026, 7, 2), datetime(2027, 6, 1)))  # noqa: DTZ001
def test_a_timetable_is_crons_own_times_as_the_clock_first_shows_them(
    expression: str, zone: str, start: datetime
) -> None:
    """From any moment of the year on, and from just before each change of the clocks."""
    table = read_or_know_why(expression, zone)
    if not table:
        return
    walls = scheduler.walls_of(table.zone, SINCE, UNTIL)
    starts = [start.replace(tzinfo=UTC), *(dawn(days, day) for days in days_to_compare(walls) for day in days)]
    for moment in starts:
        naive = CronSim(expression, moment.astimezone(table.zone).replace(tzinfo=None) - timedelta(hours=2))
        near = takewhile(lambda local: local.date() < UNTIL, naive)
        shown = (scheduler.instant(local, walls) for local in near if local.date() >= SINCE)
        expected = list(islice((at for at in shown if at and at > moment), 30))
        assert expected == list(islice(table.after(moment), len(expected)))


def longest(lowest: int, highest: int) -> int:
    """Give the length of the longest list of single values and ranges between which at least one value is left out."""
    best = {highest + 1: -1, highest + 2: -1}  # no comma before the first
    for first in range(highest, lowest - 1, -1):
        runs = [
            len(f"{first}" if last == first else f"{first}-{last}") + 1 + best[last + 2]
            for last in range(first, highest + 1)
        ]
        best[first] = max(best[first + 1], *runs)
    return best[lowest]


def test_no_translation_is_longer_than_scheduler_takes() -> None:
    """Each field is `*`, a start with a step, or the shortest list; the longest such lists fit together."""
    minute, hour, day, month, weekday = (longest(field.lowest, field.highest) for field in SIX[:5])

    fields = minute + hour + max(day, weekday) + month + len("?") + len("*")
    assert scheduler.MAX_LENGTH >= len("cron()") + fields + len("     ")
    most = ",".join(str(each) for each in range(60) if each % 3)
    assert minute >= len(SIX[0].compact([int(each) for each in most.split(",")]))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.sampled_from(SIX[:5]), st.data())
def test_a_fields_values_are_written_as_just_these(field: Field, data: st.DataObject) -> None:
    values = data.draw(st.sets(st.integers(field.lowest, field.highest), min_size=1))

    written = field.compact(values)

    assert values == scheduler._values(written, field.lowest, field.highest)
    assert longest(field.lowest, field.highest) >= len(written)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", ["cron(* * * * ? *)"]),
        ("*/15 9-17 * * mon-fri", ["cron(0/15 9-17 ? * 2-6 *)"]),
        ("5-55/10 * * * *", ["cron(5/10 * * * ? *)"]),
        ("5-45/10 * * * *", ["cron(5,15,25,35,45 * * * ? *)"]),
        ("5-5/10 * * * *", ["cron(5 * * * ? *)"]),
        ("*/90 * * * *", ["cron(0 * * * ? *)"]),
        ("  0\t0 1,2,3,15 JAN-Mar *  ", ["cron(0 0 1-3,15 1-3 ? *)"]),
        ("0 0 * * 0", ["cron(0 0 ? * 1 *)"]),
        ("0 0 * * 7", ["cron(0 0 ? * 1 *)"]),
        ("0 0 * * 5-7", ["cron(0 0 ? * 1,6,7 *)"]),
        ("0 0 13 * fri", ["cron(0 0 13 * ? *)", "cron(0 0 ? * 6 *)"]),
        ("0 0 */2 * *", ["cron(0 0 1/2 * ? *)"]),
        ("0 0 * * */2", ["cron(0 0 ? * 1/2 *)"]),
        ("0 0 */1 * fri", ["cron(0 0 ? * 6 *)"]),
        ("0 0 1-31 * fri", ["cron(0 0 * * ? *)"]),
        ("0 0 13 * sun-sat", ["cron(0 0 * * ? *)"]),
        ("0 0 13 * 0-6", ["cron(0 0 * * ? *)"]),
        ("0 0 30 2 fri", ["cron(0 0 ? 2 6 *)"]),
        ("0 0 L * *", ["cron(0 0 L * ? *)"]),
        ("0 0 L * fri", ["cron(0 0 L * ? *)", "cron(0 0 ? * 6 *)"]),
        ("0 0 * * 5L", ["cron(0 0 ? * 6L *)"]),
        ("0 0 * * sunL", ["cron(0 0 ? * 1L *)"]),
        ("0 0 * * MON#2", ["cron(0 0 ? * 2#2 *)"]),
        ("@hourly", ["cron(0 * * * ? *)"]),
        ("@daily", ["cron(0 0 * * ? *)"]),
        ("@Midnight", ["cron(0 0 * * ? *)"]),
        ("@weekly", ["cron(0 0 ? * 1 *)"]),
        ("@monthly", ["cron(0 0 1 * ? *)"]),
        ("@yearly", ["cron(0 0 1 1 ? *)"]),
        (" @annually ", ["cron(0 0 1 1 ? *)"]),
        (" CRON( 0/5   8-17 ? * mon-fri 2027 ) ", ["cron(0/5 8-17 ? * MON-FRI 2027)"]),
        ("cron(0 9 L * ? *)", ["cron(0 9 L * ? *)"]),
        ("rate(1 minute)", ["rate(1 minute)"]),
        ("Rate( 05  Days )", ["rate(5 days)"]),
    ],
)
def test_what_scheduler_is_given(expression: str, expected: list[str]) -> None:
    assert tuple(expected) == timetable(expression).expressions


# The nights on which the clocks change.


def test_a_time_that_does_not_exist_is_skipped() -> None:
    """In Berlin 02:30 is left out on 28 March 2027, and the next day it is back."""
    table = timetable("30 2 * * *")

    assert ["27 02:30 +0100", "29 02:30 +0200"] == texts(
        times(table, berlin("2027-03-27"), berlin("2027-03-30")), "Europe/Berlin"
    )
    assert (Irregular(datetime(2027, 3, 28, 2, 30), "skipped"),) == table.irregular(  # noqa: DTZ001
        berlin("2027-03-27"), berlin("2027-03-30")
    )


def test_a_time_that_exists_twice_fires_the_first_time_only() -> None:
    """In Berlin 02:30 comes twice on 25 October 2026, first in summer time."""
    table = timetable("30 2 * * *")

    assert ["24 02:30 +0200", "25 02:30 +0200", "26 02:30 +0100"] == texts(
        times(table, berlin("2026-10-24"), berlin("2026-10-27")), "Europe/Berlin"
    )
    assert (Irregular(datetime(2026, 10, 25, 2, 30), "once"),) == table.irregular(  # noqa: DTZ001
        berlin("2026-10-24"), berlin("2026-10-27")
    )


def test_a_change_may_be_half_an_hour() -> None:
    """Lord Howe goes from 02:00 to 02:30 on 4 October 2026, and from 02:00 back to 01:30 on 4 April 2027."""
    table = timetable("*/20 1-2 * * *", "Australia/Lord_Howe")
    spring, autumn = datetime(2026, 10, 3, 14, tzinfo=UTC), datetime(2027, 4, 3, 14, tzinfo=UTC)

    assert ["04 01:00 +1030", "04 01:20 +1030", "04 01:40 +1030", "04 02:40 +1100"] == texts(
        times(table, spring, spring + timedelta(hours=3)), "Australia/Lord_Howe"
    )
    assert [
        "04 01:00 +1100",
        "04 01:20 +1100",
        "04 01:40 +1100",
        "04 02:00 +1030",
        "04 02:20 +1030",
        "04 02:40 +1030",
    ] == texts(times(table, autumn, autumn + timedelta(hours=4)), "Australia/Lord_Howe")


def test_every_quarter_of_an_hour_goes_on_after_a_change_and_never_says_a_time_twice() -> None:
    """So nothing fires in the hour that comes again."""
    table = timetable("*/15 * * * *")

    spring = times(table, berlin("2027-03-28T01:30"), berlin("2027-03-28T03:30"))
    autumn = times(table, berlin("2026-10-25T02:30"), berlin("2026-10-25T03:30"))

    assert ["28 01:30 +0100", "28 01:45 +0100", "28 03:00 +0200", "28 03:15 +0200"] == texts(spring, "Europe/Berlin")
    assert [
        "25 02:30 +0200",
        "25 02:45 +0200",
        "25 03:00 +0100",
        "25 03:15 +0100",
    ] == texts(autumn, "Europe/Berlin")


def test_a_day_may_be_missing_altogether() -> None:
    """Apia went from 29 to 31 December 2011."""
    table = timetable("0 12 * * *", "Pacific/Apia")
    since = datetime(2011, 12, 29, 12, tzinfo=UTC)

    assert ["29 12:00 -1000", "31 12:00 +1400"] == texts(times(table, since, since + 2 * DAY), "Pacific/Apia")
    assert ["2011-12-30 12:00:00"] == [str(each.local) for each in table.irregular(since, since + 2 * DAY)]


def test_a_rate_counts_in_real_time_from_its_anchor() -> None:
    """A day is 24 hours, whatever the clocks do, and the anchor itself is no time of it."""
    table = read("rate(1 day)", "Europe/Berlin", anchor=berlin("2027-03-27T12:00"))

    assert ["28 13:00 +0200", "29 13:00 +0200"] == texts(
        times(table, berlin("2027-03-01"), berlin("2027-03-30")), "Europe/Berlin"
    )
    assert () == table.irregular(berlin("2027-03-01"), berlin("2027-12-01"))
    assert table.fires_at(berlin("2027-03-29T13:00"))
    assert not table.fires_at(berlin("2027-03-27T12:00"))


# A moment and what follows it.


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        (berlin("2026-10-25T02:15"), "25 02:30 +0200"),
        (berlin("2026-10-25T02:15", fold=1), "25 03:00 +0100"),
        (berlin("2026-10-25T02:30"), "25 02:45 +0200"),
        (berlin("2026-10-25T02:30", fold=1), "25 03:00 +0100"),
        (berlin("2026-10-25T02:59:59", fold=1), "25 03:00 +0100"),
        (berlin("2027-03-28T01:59:59"), "28 03:00 +0200"),
        (berlin("2027-03-28T02:10"), "28 03:15 +0200"),
        (berlin("2027-03-28T02:10", fold=1), "28 01:15 +0100"),
        (berlin("2026-12-01T10:00"), "01 10:15 +0100"),
        (berlin("2026-12-01T09:59:59.999999"), "01 10:00 +0100"),
        (berlin("2026-12-01T10:00:00.000001"), "01 10:15 +0100"),
    ],
    ids=str,
)
def test_what_follows_a_moment_is_strictly_after_it(moment: datetime, following: str) -> None:
    """Also inside of the hour that comes twice, and of the one that there is not (which stands for an hour beside it)."""
    assert [following] == texts([next(timetable("*/15 * * * *").after(moment))], "Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "fires"),
    [
        (berlin("2026-10-25T02:30"), True),
        (berlin("2026-10-25T02:30", fold=1), False),
        (berlin("2026-10-25T02:31"), False),
        (berlin("2026-10-26T02:30"), True),
        (berlin("2026-10-26T02:30:00.000001"), False),
        (berlin("2027-03-28T02:30"), False),
        (datetime(1969, 12, 31, 1, 30, tzinfo=UTC), False),
        (datetime.min.replace(tzinfo=UTC), False),
        (datetime.max.replace(tzinfo=ZoneInfo("Pacific/Apia")), False),
    ],
    ids=str,
)
def test_a_moment_fires_or_not(moment: datetime, fires: bool) -> None:
    assert fires == timetable("30 2 * * *").fires_at(moment)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(EXPRESSIONS, st.sampled_from(ZONES))
def test_whatever_comes_after_a_moment_fires_and_nothing_between(expression: str, zone: str) -> None:
    table = read_or_know_why(expression, zone)
    if table:
        for before, at in pairwise(islice(table.after(NOW), 10)):
            assert table.fires_at(at.astimezone(table.zone))
            assert not table.fires_at(at + timedelta(seconds=1))
            assert at == next(table.after(before)) == next(table.after(at - timedelta(microseconds=1)))


def test_a_table_ends_with_its_years() -> None:
    table = timetable("cron(0 12 31 12 ? 2027-2028)")

    assert ["2027-12-31", "2028-12-31"] == [str(at.date()) for at in table.after(NOW)]
    assert [] == list(table.after(datetime(2030, 1, 1, tzinfo=UTC)))
    assert 2199 == max(timetable("@yearly", "UTC").after(NOW)).year
    assert [] == list(timetable("rate(1 day)").after(datetime.max.replace(tzinfo=UTC)))


def test_the_irregular_times_are_told_up_to_twenty_and_within_bounds() -> None:
    table = timetable("* * * * *")

    assert 20 == len(table.irregular(NOW, NOW + 366 * DAY))
    assert () == table.irregular(berlin("2027-03-28T04:00"), berlin("2027-10-31T02:00"))
    assert () == timetable("* * * * *", "UTC").irregular(
        datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    )


# What is said.


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("*/15 9-17 * * mon-fri", "Every 15th minute from 09:00 through 17:59 on Monday through Friday"),
        ("0 9 22 * *", "At 09:00 on the 22nd day of every month"),
        ("0 9 12 * *", "At 09:00 on the 12th day of every month"),
        ("0 9 13 * fri", "At 09:00 on the 13th day of month and also on Friday"),
        ("0 9 1-31 * fri", "At 09:00 every day"),
        ("*/90 * * * *", "At the start of every hour"),
        ("0 9 * * fri#2", "At 09:00 on the second Friday of the month"),
        ("cron(0 9 ? * 2-6 *)", "At 09:00 on Monday through Friday"),
        ("cron(0 9 ? * L *)", "At 09:00 on Saturday"),
        ("cron(0 9 ? * 6/1 2027)", "At 09:00 on Friday through Saturday, in 2027"),
        ("cron(0 9 L * ? 2027-2029)", "At 09:00 on the last day of every month, from 2027 to 2029"),
        ("cron(0 9 L * ? 2027/2)", "At 09:00 on the last day of every month, in 2027, 2029, 2031, 2033, ..."),
        ("rate(1 hour)", "Every hour"),
        ("rate(10 minutes)", "Every 10 minutes"),
    ],
)
def test_an_expression_in_words(expression: str, words: str) -> None:
    assert words == timetable(expression).words


@pytest.mark.parametrize(
    ("expression", "position", "suggestion", "told"),
    [
        ("75 * * * *", 1, None, "minute 75 does not exist: minutes go from 0 to 59"),
        ("0 9,24 * * *", 5, None, "hour 24 does not exist"),
        ("0 9 0 * *", 5, None, "day of month 0 does not exist"),
        ("0 9 * 13 *", 7, None, "months go from 1 to 12, or jan to dec"),
        ("0 9 * * 1,8", 11, None, "days of the week go from 0 to 7"),
        ("0 9 * * mno", 9, "mon", "mno is no day of week"),
        ("0 9 * * sun,mon-fir", 13, "mon-fri", "fir is no day of week"),
        ("0 9 * september *", 7, "sep", "september is no month"),
        ("mon * * * *", 1, None, "mon is no minute"),
        ("0 22-6 * * *", 3, "22-23,0-6", "range 22-6 runs backwards"),
        ("0 9 * * 7-5", 9, "0-5", "range 7-5 runs backwards"),
        ("0 9 * * sat-sun", 9, "sat,sun", "range sat-sun runs backwards"),
        ("0 9 * nov-feb *", 7, "nov-dec,jan-feb", "runs backwards"),
        ("*/0 * * * *", 1, "*", "the step of */0 is 0"),
        ("*/ * * * *", 1, None, "*/ has no number after the /"),
        ("1/2/3 * * * *", 1, None, "has no number after the /"),
        ("1,,2 * * * *", 3, None, "a value is missing in the minute"),
        ("-5 * * * *", 1, None, "a value is missing in -5"),
        ("0 0 ? * 1", 5, "*", "? is for Scheduler's own six fields"),
        ("0 0 1,L * *", 7, None, "must stand alone"),
        ("0 0 * * 5L,mon#2", 9, None, "must stand alone"),
        ("0 0 LW * *", 5, None, "LW, the weekday nearest to a day, cannot be had"),
        ("0 0 * * mon#6", 9, None, "a number from 1 to 5"),
        ("0 0 * * L", 9, None, "l is no day of week"),
        ("0 0 */2 * fri", 5, "1-31/2", "*/2 begins with *, so that a day must match it and FRI both"),
        ("0 0 5 * */2", 9, "0-6/2", "if either is enough, write 0-6/2"),
        ("0 0 */2 * */3", 5, "1-31/2", "Scheduler cannot express"),
        ("0 0 30 2 *", 5, "L", "never fires"),
        ("0 9 * *", None, None, "the expression has 4 fields: five are minute, hour, day of month, month, day of week"),
        ("0", None, None, "has 1 field:"),
        ("0 9 ? * 2 *", 11, "cron(0 9 ? * 2 *)", "has 6 fields: five are minute, .* own six fields go in cron"),
        ("0 0 9 * * *", 11, None, "own six fields go in cron"),
        ("@dayly", 1, "@daily", "@dayly is not known"),
        (" @reboot", 2, None, "no computer that starts"),
        ("at(2027-01-01T00:00:00)", 1, None, "a schedule repeats"),
        ("corn(0 9 * * ? *)", 1, None, "there are cron"),
        ("cron(0 9 * * ? *", 17, "cron(0 9 * * ? *)", "has no ) at its end"),
        ("cron(0 9 * * ?)", 1, None, "has six fields, the last of them the year: 5 are there"),
        ("cron(0 9 * * * *)", 14, "?", "must be ?"),
        ("cron(0 9 * * 2 *)", 10, "?", "must be ?"),
        ("cron(0 9 1 * 2 *)", 14, None, "must be ?"),
        ("cron(0 9 ? * ? *)", 14, "*", "only one of"),
        ("cron(? 9 ? * 2 *)", 6, None, "? stands alone, and only in one of the day fields"),
        ("cron(0 9 ? * 0 *)", 14, None, "days of the week go from 1 to 7"),
        ("cron(0 9 15W * ? *)", 10, None, "15W, the weekday nearest"),
        ("cron(0 9-17/4 * * ? *)", 8, "9,13,17", "no steps in a range"),
        ("cron(0 9-12/2 * * ? *)", 8, "9,11", "no steps in a range"),
        ("cron(0 9 * * ? 1969)", 16, None, "years go from 1970 to 2199"),
        ("cron(30 2 28 3 ? 2027)", None, None, "never fires: no such time comes in Europe/Berlin"),
        ("rate(5)", 1, None, "a number and a unit"),
        ("rate(0 hours)", 6, None, "counts from 1"),
        ("rate(1 minutes)", 8, "minute", "Scheduler wants minute after 1"),
        ("rate(5 minute)", 8, "minutes", "Scheduler wants minutes after 5"),
        ("rate(5 minuts)", 8, "minutes", "no unit of a rate"),
        ("rate(1000000000000 days)", None, None, "never fires"),
        ("", None, None, "is empty"),
        (" \t ", None, None, "is empty"),
        ("0 9 * * *\n", 10, None, "U+000A.* control character"),
        ("\u0663 * * * *", 1, None, "U+0663.* outside of ASCII"),
        ("0 9 * * \ud800", 9, None, "U+D800.* outside of ASCII"),
        ("0," * 100 + "0 * * * *", None, None, "has 209 characters: 200 are the most"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_place(
    expression: str, position: int | None, suggestion: str | None, told: str
) -> None:
    with pytest.raises(CronError) as refused:
        timetable(expression)

    assert (position, suggestion) == (refused.value.position, refused.value.suggestion)
    assert all(part in str(refused.value) for part in told.split(".*"))
    str(refused.value).encode()


@pytest.mark.parametrize(
    ("zone", "suggestion"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Kolkatta", "Asia/Kolkata"),
        ("utc", "UTC"),
        ("Mars", None),
        ("", None),
        ("../../etc/passwd", None),
        ("localtime", None),
        ("\0\ud800", None),
        ("x" * 10_000, None),
    ],
)
def test_a_zone_that_there_is_not_is_refused_with_one_that_there_is(zone: str, suggestion: str | None) -> None:
    with pytest.raises(CronError, match="there is no time zone") as refused:
        timetable("@daily", zone)

    assert (None, suggestion) == (refused.value.position, refused.value.suggestion)
    assert 200 > len(str(refused.value).encode())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text(max_size=40), st.text(printable, max_size=40), st.text("0123456789*,-/#?LW@() cronratemfi", max_size=30)
    )
)
def test_no_text_raises_anything_else(text: str) -> None:
    for expression, zone in [
        (text, "UTC"),
        (f"{text} * *", "UTC"),
        (f"cron({text})", "UTC"),
        (f"rate({text})", "UTC"),
        ("@daily", text),
    ]:
        try:
            table = timetable(expression, zone)
        except CronError as refused:
            place = refused.position or 1
            sentence = str(refused)
        else:
            place, sentence = 1, table.words
            assert all(len(each) <= scheduler.MAX_LENGTH for each in table.expressions)
        assert 1 <= place <= len(expression) + 1
        assert sentence


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.text("0123456789*,-/#?LWmonfri", min_size=1, max_size=8), min_size=5, max_size=5))
def test_no_five_words_raise_anything_else(words: list[str]) -> None:
    try:
        said = timetable(" ".join(words)).words
    except CronError as refused:
        said = str(refused)
    assert said
