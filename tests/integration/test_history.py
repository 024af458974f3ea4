"""What is told of the past beside the things themselves: filters of runs, last results, tags, advice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matinee import bootstrap
from matinee.model.run import ADVICE, Reason
from tests.integration.past import ended, save

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def make_job(api: Any, *tests: str, name: str = "Nightly") -> str:
    answer = api.post("/api/jobs", json={"name": name, "tests": list(tests)})
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


def listed(api: Any, **query: Any) -> list[str]:
    answer = api.get("/api/runs", params=query)
    assert 200 == answer.status_code, answer.text
    return [run["id"] for run in answer.json()["items"]]


def recent(api: Any, path: str) -> list[tuple[str, str]]:
    return [(each["runId"], each["status"]) for each in api.get(path).json()["recent"]]


# filters of runs


def test_runs_of_a_saved_test_are_those_that_have_it_alone_or_in_a_job(road: Any, api: Any) -> None:
    cart, pay = save(api, "Cart"), save(api, "Pay")
    job = make_job(api, cart, pay)
    alone = ended(road.workspace_id, NOON, ("passed", cart))
    with_others = ended(road.workspace_id, NOON, ("passed", pay), ("failed", cart), job_id=job)
    other_test = ended(road.workspace_id, NOON, ("passed", pay))
    ended(road.workspace_id, NOON)

    assert [with_others, alone] == listed(api, testId=cart)
    assert [other_test, with_others] == listed(api, testId=pay)
    assert [with_others] == listed(api, testId=pay, jobId=job)


def test_a_run_that_has_not_ended_is_one_of_its_saved_test(road: Any, api: Any) -> None:
    cart = save(api, "Cart")
    running = ended(road.workspace_id, NOON, ("running", cart))

    assert [running] == listed(api, testId=cart)


def test_search_is_in_the_title_in_capitals_or_not_and_takes_every_character_as_it_is(road: Any, api: Any) -> None:
    shop = ended(road.workspace_id, NOON, title="The Shop (100%)")
    ended(road.workspace_id, NOON, title="Cart")

    assert [shop] == listed(api, search="sHOP")
    assert [shop] == listed(api, search="100%")
    assert [] == listed(api, search="The%Shop")


def test_since_is_within_and_until_is_not_whatever_zone_they_are_told_in(road: Any, api: Any) -> None:
    """It is about when a run was made, not about when it ended."""
    made = [ended(road.workspace_id, NOON + 9 * MINUTE, created_at=NOON + n * MINUTE) for n in range(3)]

    assert [made[2], made[1]] == listed(api, since="2026-11-22T12:01:00Z")
    assert [made[0]] == listed(api, until="2026-11-22T12:01:00Z")
    assert [made[1]] == listed(api, since="2026-11-22T13:01:00+01:00", until="2026-11-22T07:02:00-05:00")
    assert made[::-1] == listed(api, since="0001-01-01T00:00:00+14:00", until="9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-11-22T12:00:00", "since"),
        ("until=2026-11-22T12:00:00", "until"),
        ("since=yesterday", "since"),
        ("testId=x", "testId"),
        ("trigger=api&trigger=x", "trigger.1"),
        ("search=%00", "search"),
    ],
)
def test_a_filter_that_means_nothing_is_named(api: Any, query: str, field: str) -> None:
    """A time without an offset is one of these."""
    answer = api.get(f"/api/runs?{query}")

    assert (422, field) == (answer.status_code, answer.json()["errors"][0]["field"])


def test_triggers_may_be_several(road: Any, api: Any) -> None:
    by = {trigger: ended(road.workspace_id, NOON, trigger=trigger) for trigger in ("manual", "schedule", "api")}

    assert [by["api"], by["manual"]] == listed(api, trigger=["manual", "api"])
    assert [by["schedule"]] == listed(api, trigger="schedule")


def test_pages_of_what_all_filters_let_through_give_each_run_once(road: Any, api: Any) -> None:
    cart = save(api, "Cart")

    def put(number: int, **more: Any) -> str:
        fields = {"title": "The Shop", "trigger": "schedule", **more}
        return ended(road.workspace_id, NOON + number * MINUTE, ("failed", fields.pop("test", cart)), **fields)

    wanted = []
    for number in range(5):
        put(number, title="Cart")
        put(number, trigger="manual")
        put(number, test=None)
        put(number, run="passed")
        put(number - 99)
        put(number + 99)
        wanted.append(put(number))
    query = {
        "testId": cart,
        "search": "shop",
        "trigger": ["api", "schedule"],
        "status": "failed",
        "since": "2026-11-22T11:50:00Z",
        "until": "2026-11-22T12:10:00Z",
        "limit": 2,
    }

    first = api.get("/api/runs", params=query).json()
    second = api.get("/api/runs", params={**query, "cursor": first["nextCursor"]}).json()
    third = api.get("/api/runs", params={**query, "cursor": second["nextCursor"]}).json()

    assert wanted[::-1] == [run["id"] for page in (first, second, third) for run in page["items"]]
    assert [True, True, False] == ["nextCursor" in page for page in (first, second, third)]


def test_runs_of_others_are_in_no_list(road: Any, api: Any, other: Any) -> None:
    cart = save(api, "Cart")
    ended(road.workspace_id, NOON, ("passed", cart), title="Shop")

    assert [] == listed(other, testId=cart)
    assert [] == listed(other, search="shop")


# last results


def test_of_a_saved_test_the_last_twenty_results_are_told_oldest_first(road: Any, api: Any) -> None:
    """By when they ended, not by when they were put there; of whatever kind the run was; what has not ended is none."""
    cart = save(api, "Cart")
    job = make_job(api, cart)
    ended(road.workspace_id, NOON + 99 * MINUTE, ("running", cart))
    made = {
        number: ended(road.workspace_id, NOON + number * MINUTE, ("failed" if number % 2 else "flaky", cart), **more)
        for number in reversed(range(25))
        for more in [{"job_id": job} if number % 3 else {}]
    }

    expected = [(made[number], "failed" if number % 2 else "flaky") for number in range(5, 25)]
    assert expected == recent(api, f"/api/tests/{cart}")
    [item] = api.get("/api/tests").json()["items"]
    assert expected == [(each["runId"], each["status"]) for each in item["recent"]]
    assert {"runId": made[24], "status": "flaky", "durationMs": 1000, "endedAt": "2026-11-22T12:24:00Z"} == item[
        "recent"
    ][-1]


def test_each_test_of_a_page_has_its_own_results_and_one_that_never_ran_has_none(road: Any, api: Any) -> None:
    cart, pay, never = save(api, "Cart"), save(api, "Pay"), save(api, "Never")
    run = ended(road.workspace_id, NOON, ("passed", cart), ("skipped", pay))

    items = api.get("/api/tests").json()["items"]

    assert [(never, []), (pay, [(run, "skipped")]), (cart, [(run, "passed")])] == [
        (each["id"], [(result["runId"], result["status"]) for result in each["recent"]]) for each in items
    ]


def test_tests_are_found_by_how_they_ended_last(road: Any, api: Any) -> None:
    """An earlier result does not count, nor one that is not there yet."""
    cart, pay, never = save(api, "Cart"), save(api, "Pay"), save(api, "Never")
    ended(road.workspace_id, NOON + MINUTE, ("passed", cart))
    ended(road.workspace_id, NOON, ("failed", cart))
    ended(road.workspace_id, NOON, ("timed_out", pay))
    ended(road.workspace_id, NOON, ("queued", never))

    def found(*statuses: str) -> list[str]:
        return [test["id"] for test in api.get("/api/tests", params={"lastStatus": statuses}).json()["items"]]

    assert [cart] == found("passed")
    assert [] == found("failed")
    assert [pay, cart] == found("passed", "timed_out")
    assert [never] == found("never")
    assert 422 == api.get("/api/tests?lastStatus=running").status_code


def test_of_a_job_the_last_twenty_runs_that_ended_are_told_oldest_first(road: Any, api: Any) -> None:
    cart = save(api, "Cart")
    job, idle = make_job(api, cart), make_job(api, cart, name="Idle")
    made = {
        number: ended(road.workspace_id, NOON + number * MINUTE, ("failed", cart), job_id=job)
        for number in reversed(range(22))
    }
    ended(road.workspace_id, NOON + 99 * MINUTE, ("running", cart), job_id=job)

    expected = [(made[number], "failed") for number in range(2, 22)]
    assert expected == recent(api, f"/api/jobs/{job}")
    listed_idle, listed_job = api.get("/api/jobs").json()["items"]
    assert (idle, []) == (listed_idle["id"], listed_idle["recent"])
    assert expected == [(each["runId"], each["status"]) for each in listed_job["recent"]]
    assert (1000, "2026-11-22T12:21:00Z") == (
        listed_job["recent"][-1]["durationMs"],
        listed_job["recent"][-1]["endedAt"],
    )


def test_a_jobs_last_run_is_told_with_its_counts(road: Any, api: Any) -> None:
    """It is the newest, also if it has not ended; then it has neither an end nor a duration."""
    cart, pay = save(api, "Cart"), save(api, "Pay")
    job = make_job(api, cart, pay)
    assert "lastRun" not in api.get(f"/api/jobs/{job}").json()
    run = ended(road.workspace_id, NOON, ("failed", cart), ("passed", pay), job_id=job)

    last = api.get(f"/api/jobs/{job}").json()["lastRun"]

    counts = {"total": 2, "passed": 1, "failed": 1, "flaky": 0, "skipped": 0, "error": 0}
    assert {
        "runId": run,
        "status": "failed",
        "createdAt": "2026-11-22T11:59:58Z",
        "endedAt": "2026-11-22T12:00:00Z",
        "durationMs": 1000,
        "counts": counts,
    } == last
    newer = ended(road.workspace_id, NOON, "running", job_id=job, ms=None)
    last = api.get("/api/jobs").json()["items"][0]["lastRun"]
    assert (newer, "running", False, False) == (last["runId"], last["status"], "endedAt" in last, "durationMs" in last)


# tags


def test_tags_come_with_how_many_tests_have_them_the_most_used_first(api: Any, other: Any) -> None:
    """Those that are used equally often stand by name; those of others do not count."""
    save(api, tags=["smoke", "b"])
    save(api, tags=["smoke", "a"])
    save(other, tags=["b", "c"])

    tags = [{"tag": "smoke", "tests": 2}, {"tag": "a", "tests": 1}, {"tag": "b", "tests": 1}]
    assert {"items": tags} == api.get("/api/tags").json()


def test_a_workspace_without_tests_has_no_tags(api: Any) -> None:
    assert {"items": []} == api.get("/api/tags").json()


# advice


def test_a_reason_comes_with_what_can_be_done_about_it(road: Any, api: Any) -> None:
    """Of the run, in a list, too, and of each of its tests; what has no reason needs none."""
    run = ended(road.workspace_id, NOON, "error", "passed")
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE runs SET reason = 'no_report' WHERE id = %s", [run])
        connection.execute("UPDATE run_tests SET reason = 'no_report' WHERE run_id = %s AND position = 0", [run])

    shown = api.get(f"/api/runs/{run}").json()

    advice = ADVICE[Reason.NO_REPORT]
    assert advice == shown["advice"] == api.get("/api/runs").json()["items"][0]["advice"]
    assert [advice, None] == [test.get("advice") for test in shown["tests"]]
