from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from matinee.model.statistics import Days, Tally

HOUR = timedelta(hours=1)


def hours(zone: str, day: date) -> float:
    """Give how long a day is there."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    days = Days.up_to(noon, days=1, zone=ZoneInfo(zone))
    return (days.until - days.since) / HOUR


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("UTC", date(2026, 10, 25), 24),
        ("Europe/Berlin", date(2026, 10, 24), 24),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2027, 3, 28), 23),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # its midnight is left out
        ("Africa/Cairo", date(2026, 10, 29), 25),  # the hour before its last midnight comes twice
        ("America/Havana", date(2026, 11, 1), 25),  # its midnight comes twice
    ],
)
def test_a_day_is_as_long_as_the_clocks_there_make_it(zone: str, day: date, expected: float) -> None:
    assert expected == hours(zone, day)


def test_a_day_whose_midnight_is_left_out_begins_with_what_follows() -> None:
    """In Cairo it was 00:00 and at once 01:00, at 22:00 in UTC."""
    days = Days.up_to(datetime(2026, 4, 24, 12, tzinfo=UTC), days=1, zone=ZoneInfo("Africa/Cairo"))

    assert datetime(2026, 4, 23, 22, tzinfo=UTC) == days.since


def test_the_last_day_is_today_in_the_zone_and_not_over() -> None:
    """An hour before midnight in UTC it is tomorrow in Berlin already."""
    now = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    days = Days.up_to(now, days=2, zone=ZoneInfo("Europe/Berlin"))

    assert [date(2026, 11, 22), date(2026, 11, 23)] == days.dates
    assert (datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC)) == (days.since, days.until)


def test_the_days_before_are_as_many_and_end_where_these_begin() -> None:
    """Also where the clocks change among them."""
    zone = ZoneInfo("Europe/Berlin")

    days = Days.up_to(datetime(2026, 10, 27, 12, tzinfo=zone), days=2, zone=zone)

    assert (datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)) == (days.before, days.since)


@pytest.mark.parametrize("days", [1, 14, 90])
def test_there_is_a_midnight_around_each_day(days: int) -> None:
    found = Days.up_to(datetime(2026, 12, 1, tzinfo=UTC), days=days, zone=ZoneInfo("Europe/Berlin"))

    assert (days, days + 1) == (len(found.dates), len(found.midnights))
    assert sorted(set(found.midnights)) == list(found.midnights)
    assert found.dates == [each.astimezone(ZoneInfo("Europe/Berlin")).date() for each in found.midnights[:-1]]


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (Tally(), None),
        (Tally(total=5, skipped=2, cancelled=3), None),
        (Tally(passed=1), 1.0),
        (Tally(flaky=1), 1.0),
        (Tally(failed=1), 0.0),
        (Tally(passed=2, flaky=1, failed=1, error=1, timed_out=1, skipped=7, cancelled=7), 0.5),
    ],
)
def test_the_pass_rate_is_of_what_was_to_show_something(tally: Tally, expected: float | None) -> None:
    assert expected == tally.pass_rate
