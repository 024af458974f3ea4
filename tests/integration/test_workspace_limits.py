"""How much a workspace may use: places, the queue, minutes, requests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.errors import TooManyRequestsError
from matinee.model.limits import Limits, Usage, admit

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
PROBLEM = "application/problem+json"


@pytest.fixture
def limit(road: Any, api: Any) -> Callable[..., Any]:
    """Give what limits the workspace, and answers what its client gets."""

    def put(**limits: int) -> Any:
        answer = api("PUT", f"/api/workspaces/{road.workspace_id}/limits", json=limits)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    return put


def submit(api: Any, title: str = "Try") -> Any:
    return api.post("/api/test", json={"script": SCRIPT, "title": title})


def position(api: Any, run_id: str) -> int | None:
    found: int | None = api.get(f"/api/runs/{run_id}").json().get("queuePosition")
    return found


# places


def test_no_more_tests_are_with_the_workers_than_there_are_places(road: Any, api: Any, limit: Any) -> None:
    """Scripts wait for their turn, the oldest first, and see how many are before them; each end lets the next one go."""
    limit(maxConcurrentTests=2)
    runs = [submit(api, str(number)).json()["testId"] for number in range(5)]
    assert ["0", "1"] == road.sent()
    assert [1, 2, 3, 4, 5] == [position(api, run_id) for run_id in runs]
    road.claim(runs[0])
    road.stream()
    assert [None, 1, 2, 3, 4] == [position(api, run_id) for run_id in runs]
    road.finish(runs[0])
    road.stream()
    assert ["2"] == road.sent()
    road.claim(runs[1])
    road.claim(runs[2])
    road.finish(runs[2], "failed")
    road.finish(runs[1])
    road.stream()

    assert ["3", "4"] == road.sent()
    assert {"running": 0, "queued": 2} == {name: api.get("/api/usage").json()[name] for name in ("running", "queued")}


def test_jobs_and_scripts_share_the_places(road: Any, api: Any, limit: Any) -> None:
    """A job takes no more than are free, whatever its parallelism; what came first goes first."""
    limit(maxConcurrentTests=3)
    job = road.start_job(5)
    single = submit(api, "single").json()["testId"]
    assert ["test 0", "test 1", "test 2"] == road.sent()
    road.begin(job, 0, 1, 2)
    road.end(job, 0, 1)
    assert ["test 3", "test 4"] == road.sent()
    road.end(job, 2)

    assert ["single"] == road.sent()
    assert "queued" == road.run(single).status


def test_what_waits_can_be_cancelled_and_leaves_its_place_to_nobody(road: Any, api: Any, limit: Any) -> None:
    limit(maxConcurrentTests=1)
    first, second, third = (submit(api, title).json()["testId"] for title in "ABC")
    assert ["A"] == road.sent()
    api.post(f"/api/runs/{second}/cancel")
    road.stream()
    assert "cancelled" == road.run(second).status
    assert [] == road.sent()
    road.claim(first)
    road.finish(first)
    road.stream()

    assert ["C"] == road.sent()
    assert ["passed", "cancelled", "queued"] == [road.run(run_id).status for run_id in (first, second, third)]


def test_more_places_are_filled_at_once_and_none_at_all_lets_everything_go(road: Any, api: Any, limit: Any) -> None:
    limit(maxConcurrentTests=1)
    for title in "ABCD":
        submit(api, title)
    assert ["A"] == road.sent()
    limit(maxConcurrentTests=3)
    assert ["B", "C"] == road.sent()
    assert {} == limit()

    assert ["D"] == road.sent()
    submit(api, "E")
    assert ["E"] == road.sent()


def test_sweep_fills_places_that_somebody_forgot_and_sends_nothing_out_of_turn(road: Any, api: Any, limit: Any) -> None:
    """A run that was deleted tells nobody that its place is free. One that waits for long is not sent for that."""
    limit(maxConcurrentTests=1)
    first, second = (submit(api, title).json()["testId"] for title in "AB")
    assert ["A"] == road.sent()
    road.age(second, 3_000)
    bootstrap.sweeper().sweep()
    assert [] == road.sent()
    api("DELETE", f"/api/runs/{first}")

    assert {"advanced": 1} == {what: times for what, times in bootstrap.sweeper().sweep().items() if what == "advanced"}
    assert ["B"] == road.sent()


def test_many_who_take_places_at_once_take_no_more_than_there_are(road: Any, api: Any, limit: Any) -> None:
    limit(maxConcurrentTests=3)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: submit(api, str(number)), range(8)))

    assert {202} == {answer.status_code for answer in answers}
    assert 3 == len(road.sent())


# the queue


def test_a_full_queue_refuses_with_when_to_come_again(road: Any, api: Any, limit: Any) -> None:
    """Nothing of what is refused is kept; the same request with its key again is no second run."""
    limit(maxQueuedTests=2)
    headers = {"idempotency-key": "once"}
    first = api.post("/api/test", json={"script": SCRIPT}, headers=headers)
    submit(api)
    refused = submit(api)
    assert (429, "30", PROBLEM) == (
        refused.status_code,
        refused.headers["retry-after"],
        refused.headers["content-type"],
    )
    assert "2 tests wait already, and 2 are the most" in refused.json()["detail"]
    assert first.json() == api.post("/api/test", json={"script": SCRIPT}, headers=headers).json()
    road.claim(first.json()["testId"])
    road.stream()

    assert 202 == submit(api).status_code
    assert 3 == len(api.get("/api/runs").json()["items"])


def test_a_tick_that_finds_no_room_is_accounted_for(api: Any, limit: Any) -> None:
    """It says why, as a person would be told."""
    test = api.post("/api/tests", json={"title": "A", "script": SCRIPT}).json()["id"]
    job = api.post("/api/jobs", json={"name": "J", "tests": [test], "schedule": {"cron": "* * * * *"}}).json()["id"]
    limit(maxQueuedTests=0)
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    tick = bootstrap.ticker().tick(job, at)

    assert tick is not None
    assert ("missed", "start_failed") == (tick.outcome, tick.reason)
    assert "0 are the most" in (tick.message or "")
    assert [] == api.get("/api/runs").json()["items"]


# minutes


def test_what_ran_is_counted_once_also_of_runs_that_are_deleted(road: Any, api: Any) -> None:
    run_id = submit(api).json()["testId"]
    road.claim(run_id)
    road.finish(run_id, duration_ms=90_000)
    road.stream()
    bootstrap.tracking().finish_test(run_id, run_id, bootstrap.live().states(run_id)[run_id].result)  # type: ignore[arg-type] - it is there
    api("DELETE", f"/api/runs/{run_id}")

    assert 1.5 == api.get("/api/usage").json()["runMinutes"]


def test_a_month_that_is_used_up_refuses_until_the_next(road: Any, api: Any, limit: Any) -> None:
    limit(runMinutesPerMonth=2)
    run_id = submit(api).json()["testId"]
    road.claim(run_id)
    road.finish(run_id, duration_ms=120_000)
    road.stream()
    refused = submit(api)

    assert 429 == refused.status_code
    assert "2 minutes this month, and 2 are what this workspace may use" in refused.json()["detail"]
    assert 0 < int(refused.headers["retry-after"]) <= 31 * 86_400


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC), 30),
        (datetime(2026, 2, 1, tzinfo=UTC), 28 * 86_400),
        (datetime(2028, 2, 28, tzinfo=UTC), 2 * 86_400),
    ],
)
def test_the_next_month_is_so_far_away(now: datetime, seconds: int) -> None:
    with pytest.raises(TooManyRequestsError) as refused:
        admit(Limits(run_minutes_per_month=0), Usage(running=0, queued=0, month_ms=0), tests=1, now=now)

    assert seconds == refused.value.retry_after


# requests


def test_a_key_that_asks_too_often_is_told_for_how_long_to_wait(
    road: Any, api: Any, limit: Any, client_of: Callable[..., Any]
) -> None:
    """Another key goes on; a browser that is signed in with the first one counts with it; the next minute begins anew."""
    key = bootstrap.keys().create(road.workspace_id, "busy")
    busy = client_of(create_app(), headers={"authorization": f"Bearer {key}"})
    browser = busy.post("/api/session", json={"key": key}).headers["set-cookie"].partition(";")[0]
    limit(requestsPerMinute=3)
    answers = [busy.get("/api/runs") for _ in range(2)]
    answers.append(client_of(create_app()).get("/api/runs", headers={"cookie": browser}))
    answers.append(busy.get("/api/runs"))

    assert [200, 200, 200, 429] == [answer.status_code for answer in answers]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert "3 requests a minute" in answers[-1].json()["detail"]
    assert 200 == api.get("/api/runs").status_code
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE requests SET minute = minute - interval '1 minute'")
    assert 200 == busy.get("/api/runs").status_code


def test_without_a_limit_of_its_own_a_workspace_has_the_installations(
    road: Any, client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert road.key
    monkeypatch.setenv("MATINEE_REQUESTS_PER_MINUTE", "1")
    bootstrap.reset()
    client = client_of(create_app(), headers={"authorization": f"Bearer {road.key}"})

    assert [200, 429] == [client.get("/api/tags").status_code for _ in range(2)]


# who may


def test_only_an_owner_of_the_first_workspace_sets_limits_and_every_member_sees_them(
    api: Any, other: Any, limit: Any
) -> None:
    assert {"maxConcurrentTests": 5} == limit(maxConcurrentTests=5)
    assert {"maxConcurrentTests": 5} == api.get("/api/usage").json()["limits"]
    place = other.get("/api/workspace").json()["id"]
    assert 403 == other("PUT", f"/api/workspaces/{place}/limits", json={}).status_code
    assert 200 == api("PUT", f"/api/workspaces/{place}/limits", json={"maxQueuedTests": 1}).status_code
    assert {"maxQueuedTests": 1} == other.get("/api/usage").json()["limits"]

    assert 404 == api("PUT", "/api/workspaces/00000000-0000-7000-8000-00000000dead/limits", json={}).status_code
    assert 422 == api("PUT", f"/api/workspaces/{place}/limits", json={"maxConcurrentTests": 0}).status_code
