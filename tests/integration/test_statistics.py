"""Figures of what ended on the last days."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from matinee import bootstrap
from matinee.model.statistics import Days
from matinee.stores.figures import DayTallies, Statistics, Tally
from tests.integration.past import ended, save

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOTHING = dict.fromkeys(("total", "passed", "failed", "flaky", "error", "timedOut", "cancelled", "skipped"), 0)


def figures(workspace_id: str, *, now: datetime = NOON, days: int = 3, zone: str = "UTC") -> Statistics:
    """Give the figures as they were `now`."""
    return bootstrap.figures().of(workspace_id, Days.up_to(now, days=days, zone=ZoneInfo(zone)))


def by_day(days: Any) -> dict[str, int]:
    """Give how many tests ended on each day."""
    assert all(isinstance(day, DayTallies) and day.runs.total == day.tests.total for day in days)
    return {str(day.date): day.tests.total for day in days}


# days


def test_a_workspace_in_which_nothing_ever_ended_has_all_its_days(api: Any) -> None:
    """Without rates and percentiles: there are none of nothing."""
    before = datetime.now(UTC)
    found = api.get("/api/statistics").json()

    today = datetime.fromisoformat(found["until"]).date() - timedelta(days=1)
    assert today in {before.date(), datetime.now(UTC).date()}
    assert (14, "UTC") == (found["days"], found["timezone"])
    assert [str(today - timedelta(days=n)) for n in reversed(range(14))] == [day["date"] for day in found["series"]]
    assert f"{found['series'][0]['date']}T00:00:00Z" == found["since"]
    nothing = {"runs": NOTHING, "tests": NOTHING}
    assert nothing == found["previous"] == {name: found[name] for name in nothing}
    assert [nothing] * 14 == [{name: day[name] for name in nothing} for day in found["series"]]
    assert [[]] * 4 == [found[name] for name in ("slowest", "flakiest", "failing", "next")]


def test_days_part_at_the_zones_midnights_also_when_the_clocks_change(road: Any) -> None:
    """In Berlin 25 October 2026 has 25 hours: from 22:00 in UTC to 23:00 the next day."""
    midnights = [datetime(2026, 10, day, tzinfo=BERLIN).astimezone(UTC) for day in (24, 25, 26, 27)]
    assert [24.0, 25.0, 24.0] == [(b - a) / timedelta(hours=1) for a, b in pairwise(midnights)]
    for midnight in midnights:
        ended(road.workspace_id, midnight)
        ended(road.workspace_id, midnight - SECOND)
        ended(road.workspace_id, midnight - SECOND)

    found = figures(road.workspace_id, now=datetime(2026, 10, 26, 12, tzinfo=BERLIN), zone="Europe/Berlin")

    # Of each day its first moment and twice its last; the last midnight is tomorrow's, the first one's last second was before.
    assert {"2026-10-24": 3, "2026-10-25": 3, "2026-10-26": 3} == by_day(found.series)
    assert (9, 9, 2, 2) == (
        found.runs.total,
        found.tests.total,
        found.previous.runs.total,
        found.previous.tests.total,
    )


def test_what_ended_longer_ago_than_twice_the_days_counts_nowhere(road: Any) -> None:
    since = datetime(2026, 11, 20, tzinfo=UTC)
    ended(road.workspace_id, since - timedelta(days=3), "failed")
    ended(road.workspace_id, since - timedelta(days=3) - SECOND)

    found = figures(road.workspace_id)

    assert (0, 1, 1) == (found.tests.total, found.previous.tests.total, found.previous.tests.failed)


def test_a_day_on_which_nothing_ended_stands_between_the_others(road: Any) -> None:
    ended(road.workspace_id, NOON)
    ended(road.workspace_id, NOON - timedelta(days=2))

    assert {"2026-11-20": 1, "2026-11-21": 0, "2026-11-22": 1} == by_day(figures(road.workspace_id).series)
    assert Tally() == figures(road.workspace_id).series[1].tests


@pytest.mark.parametrize("days", [1, 90])
def test_the_days_are_as_many_as_asked_for(api: Any, days: int) -> None:
    found = api.get(f"/api/statistics?days={days}&timezone=Pacific/Chatham").json()

    assert (days, days, "Pacific/Chatham") == (found["days"], len(found["series"]), found["timezone"])


@pytest.mark.parametrize(
    ("query", "field", "suggestion"),
    [
        ("days=0", "days", None),
        ("days=91", "days", None),
        ("timezone=Europe/Brlin", "timezone", "Europe/Berlin"),
        ("timezone=", "timezone", None),
    ],
)
def test_what_cannot_be_is_named(api: Any, query: str, field: str, suggestion: str | None) -> None:
    answer = api.get(f"/api/statistics?{query}")

    fault = answer.json()["errors"][0]
    assert (422, field, suggestion) == (answer.status_code, fault["field"], fault.get("suggestion"))


# tallies


def test_runs_and_tests_are_counted_by_how_they_ended(road: Any, api: Any) -> None:
    """A run's end is its own; one that has not ended counts nowhere, and nor do its tests."""
    now = datetime.now(UTC)
    ended(road.workspace_id, now, "failed", "passed", "flaky", "skipped", "skipped", run="failed")
    ended(road.workspace_id, now, "timed_out", "error", "error", run="error")
    for status in ("passed", "cancelled", "timed_out", "queued", "running"):
        ended(road.workspace_id, now, status)

    found = api.get("/api/statistics?days=1").json()

    runs = {"total": 5, "passed": 1, "failed": 1, "error": 1, "timedOut": 1, "cancelled": 1, "passRate": 0.25}
    tests = {"total": 11, "passed": 2, "flaky": 1, "failed": 1, "error": 2, "timedOut": 2, "cancelled": 1, "skipped": 2}
    took = {"p50Ms": 1000, "p95Ms": 1000}
    assert {**NOTHING, **runs, **took} == found["runs"] == found["series"][0]["runs"]
    assert {**NOTHING, **tests, **took, "passRate": 0.375} == found["tests"] == found["series"][0]["tests"]


def test_percentiles_are_durations_that_there_were(road: Any) -> None:
    """The least that no fewer than half, and no fewer than 95 of 100, took at most; nothing between two of them."""
    for number in range(1, 21):
        ended(road.workspace_id, NOON, ms=number * 100)
    ended(road.workspace_id, NOON - timedelta(days=1), ms=7)

    found = figures(road.workspace_id)

    assert (1000, 1900) == (found.tests.p50_ms, found.tests.p95_ms) == (found.runs.p50_ms, found.runs.p95_ms)
    days = [(day.tests.p50_ms, day.tests.p95_ms) for day in found.series]
    assert [(None, None), (7, 7), (1000, 1900)] == days


def test_what_was_skipped_cancelled_or_never_begun_took_no_time(road: Any) -> None:
    """Their durations say nothing of tests. A run that was cancelled took as long as it did."""
    for status in ("skipped", "cancelled"):
        ended(road.workspace_id, NOON, status, ms=50_000)
    for _ in range(5):
        ended(road.workspace_id, NOON, "timed_out", ms=0, begun=False)
    ended(road.workspace_id, NOON, ms=300)

    found = figures(road.workspace_id)

    assert (8, 300, 300) == (found.tests.total, found.tests.p50_ms, found.tests.p95_ms)
    assert (8, 50_000) == (found.runs.total, found.runs.p95_ms)


def test_what_others_ran_is_never_counted(road: Any, api: Any, other: Any, new_workspace: Callable[[], str]) -> None:
    cart = save(api, "Cart")
    ended(road.workspace_id, NOON, ("flaky", cart))
    ended(road.workspace_id, NOON, ("failed", cart))
    ended(road.workspace_id, NOON - timedelta(days=4), ("failed", cart))

    found = figures(new_workspace())

    assert (Tally(), Tally()) == (found.runs, found.tests)
    assert (Tally(), Tally()) == (found.previous.runs, found.previous.tests)
    assert ([], [], []) == (found.slowest, found.flakiest, found.failing)
    job = {"name": "Nightly", "tests": [cart], "schedule": {"cron": "@daily"}}
    assert 201 == api.post("/api/jobs", json=job).status_code
    assert (10, 0) == tuple(len(each.get("/api/statistics").json()["next"]) for each in (api, other))


# saved tests


def names(found: Any) -> list[str]:
    return [each.title for each in found]


def test_a_saved_tests_figures_are_of_the_results_that_say_something(road: Any, api: Any) -> None:
    """Its title is the one that it has now; its last result is the last of these."""
    cart = save(api, "Cart")
    runs = {
        status: ended(road.workspace_id, NOON + number * SECOND, (status, cart), ms=(number + 1) * 100)
        for number, status in enumerate(["passed", "flaky", "failed", "error", "timed_out", "skipped", "cancelled"])
    }
    ended(road.workspace_id, NOON - timedelta(days=3), ("failed", cart), ms=99_000)
    ended(road.workspace_id, NOON, "failed", ms=99_000)  # of no saved test
    renamed = {"title": "The cart", "script": "await 1"}
    assert 200 == api("PUT", f"/api/tests/{cart}", json=renamed, headers={"if-match": "*"}).status_code

    found = figures(road.workspace_id)

    assert found.slowest == found.flakiest == found.failing
    [shown] = found.slowest
    assert {
        "test_id": cart,
        "title": "The cart",
        "runs": 5,
        "passed": 1,
        "flaky": 1,
        "failed": 1,
        "error": 1,
        "timed_out": 1,
        "p50_ms": 300,
        "p95_ms": 500,
        "last_status": "timed_out",
        "last_run_id": runs["timed_out"],
        "last_at": NOON + 4 * SECOND,
    } == vars(shown)


def test_the_slowest_are_five_by_what_nearly_all_of_their_runs_take(road: Any, api: Any) -> None:
    """Of two that take as long the one that ran more often."""
    for number in range(1, 8):
        test = save(api, f"T{number}")
        ended(road.workspace_id, NOON, ("passed", test), ms=number * 100)
    often = save(api, "Often")
    for _ in range(20):
        ended(road.workspace_id, NOON, ("failed", often), ms=600)
    ended(road.workspace_id, NOON, ("passed", often), ms=60_000)  # one in 21

    assert ["T7", "Often", "T6", "T5", "T4"] == names(figures(road.workspace_id).slowest)


def test_the_flakiest_and_the_failing_are_five_by_their_share_then_by_how_often(road: Any, api: Any) -> None:
    """One that never was so is in no list, however few there are."""

    def fare(title: str, **results: int) -> None:
        test = save(api, title)
        for status, times in results.items():
            for _ in range(times):
                ended(road.workspace_id, NOON, (status, test))

    fare("Half", flaky=1, passed=1)
    fare("Half of more", flaky=2, passed=2)
    fare("Always", flaky=1, skipped=3)
    fare("Good", passed=3, skipped=1, cancelled=1)
    fare("Broken", error=1, timed_out=1)
    fare("Broken more", failed=3)
    fare("Sometimes", timed_out=1, passed=2)

    found = figures(road.workspace_id)

    assert ["Always", "Half of more", "Half"] == names(found.flakiest)
    assert ["Broken more", "Broken", "Sometimes"] == names(found.failing)
    for number in range(5):
        fare(f"Bad {number}", flaky=3, failed=3)
    found = figures(road.workspace_id)
    assert ["Always", "Bad 0", "Bad 1", "Bad 2", "Bad 3"] == names(found.flakiest)
    assert ["Broken more", "Broken", "Bad 0", "Bad 1", "Bad 2"] == names(found.failing)


def test_figures_of_a_saved_test_are_shown_as_the_rest(road: Any, api: Any) -> None:
    cart = save(api, "Cart")
    run = ended(road.workspace_id, datetime.now(UTC), ("failed", cart), ms=42)

    [shown] = api.get("/api/statistics?days=1").json()["failing"]

    assert {
        "testId": cart,
        "lastRunId": run,
        "lastStatus": "failed",
        "timedOut": 0,
        "p95Ms": 42,
    }.items() <= shown.items()


# what comes next


def schedule(api: Any, name: str, cron: str, **more: Any) -> str:
    body = {"name": name, "tests": [save(api)], "schedule": {"cron": cron, **more}}
    answer = api.post("/api/jobs", json=body)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


def test_the_next_ten_times_of_all_schedules_come_soonest_first(api: Any) -> None:
    """A paused schedule has none, nor one that is over; each is told in its own zone, too."""
    berlin = schedule(api, "Berlin", "0 0 1 1 *", timezone="Europe/Berlin")
    utc = schedule(api, "UTC", "0 0 1 1 *")
    schedule(api, "Paused", "* * * * *", enabled=False)
    schedule(api, "Over", "* * * * *", endsAt="2026-01-01T00:00:00Z")

    found = api.get("/api/statistics").json()["next"]

    assert [berlin, utc] * 5 == [tick["jobId"] for tick in found]
    assert sorted(tick["at"] for tick in found) == [tick["at"] for tick in found]
    year = datetime.fromisoformat(found[1]["at"]).year
    words = api.get(f"/api/jobs/{berlin}").json()["schedule"]["words"]
    assert {
        "jobId": berlin,
        "name": "Berlin",
        "at": f"{year - 1}-12-31T23:00:00Z",
        "local": f"{year}-01-01T00:00:00+01:00",
        "words": words,
    } == found[0]


def test_a_job_that_runs_every_minute_is_told_with_all_of_its_times(api: Any) -> None:
    schedule(api, "Often", "* * * * *")
    schedule(api, "Rarely", "0 0 29 2 *")

    found = api.get("/api/statistics").json()["next"]

    assert ["Often"] * 10 == [tick["name"] for tick in found]
    times = [datetime.fromisoformat(tick["at"]) for tick in found]
    assert {timedelta(minutes=1)} == {b - a for a, b in pairwise(times)}
