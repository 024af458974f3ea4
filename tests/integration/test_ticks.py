"""Each tick of a schedule counts once, and leaves a row that says what became of it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.submit.scheduled import handler
from matinee import bootstrap
from matinee.model.run import RunStatus, RunTrigger
from matinee.model.schedule import MAX_WAITING, SCHEDULED_TIME
from matinee.stores.rows import Run
from matinee.usecases.launch import Launcher

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"
#: A minute of which there is a tick for every schedule of these tests.
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Context:
    function_name = "scheduled"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:scheduled"
    aws_request_id = "r"


def make_job(api: Any, *, tests: int = 2, **schedule: Any) -> str:
    """Save a job that is due every minute; give its id."""
    titles = [f"T{number}" for number in range(tests)]
    ids = [api.post("/api/tests", json={"title": title, "script": SCRIPT}).json()["id"] for title in titles]
    body = {"name": "Nightly", "tests": ids, "schedule": {"cron": "* * * * *", **schedule}}
    answer = api.post("/api/jobs", json=body)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


def tick(job_id: str, *, minutes: int = 0) -> str:
    """Deliver a tick, as Scheduler does; give its outcome."""
    at = (NOON + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return handler({"jobId": job_id, "scheduledAt": at}, Context())["outcome"]  # type: ignore[arg-type] # all of a context that is looked at


def ticks(api: Any, job_id: str) -> list[dict[str, Any]]:
    """Give the account of a job's ticks, the oldest first."""
    return list(reversed(api.get(f"/api/jobs/{job_id}/schedule").json()["ticks"]))


def outcomes(api: Any, job_id: str) -> list[str]:
    return [" ".join([each["outcome"], each.get("reason", "")]).strip() for each in ticks(api, job_id)]


def runs_of(road: Any, job_id: str) -> Sequence[Run]:
    """Give a job's runs, the oldest first."""
    found, _ = bootstrap.runs().list(road.workspace_id, job_id=job_id)
    return [road.run(run.id) for run in reversed(found)]


def plan_all(road: Any) -> None:
    """Let plan_job have what lies on its queue."""
    for order in road.plans():
        bootstrap.planner().plan(order.workspace_id, order.run_id)


def end(road: Any, run: Run) -> None:
    """Let all tests of a run begin and pass."""
    road.begin(run, *range(len(run.tests)))
    road.end(run, *range(len(run.tests)))


def owe(job_id: str, *, minutes: float) -> None:
    """Let a schedule have been saved that long ago, with none of its ticks delivered since."""
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "UPDATE schedules SET accounted_until = now() - make_interval(secs => %s) WHERE job_id = %s",
            [minutes * 60, job_id],
        )


def away(*, minutes: float) -> None:
    """Let the last sweep have been so long ago."""
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "INSERT INTO sweeps (at) VALUES (now() - make_interval(secs => %s))"
            " ON CONFLICT (single) DO UPDATE SET at = excluded.at",
            [minutes * 60],
        )


def sweep(*, everything: bool = False) -> dict[str, int]:
    return {name: n for name, n in bootstrap.sweeper().sweep(everything=everything).items() if "tick" in name}


def test_a_tick_starts_a_run_of_the_job_as_it_is_then(road: Any, api: Any) -> None:
    """Trigger, time and scripts are those of the tick; its row names the run."""
    job_id = make_job(api)
    test_id = api.get(f"/api/jobs/{job_id}").json()["tests"][0]
    newer = {"title": "Newer", "script": SCRIPT}
    assert 200 == api("PUT", f"/api/tests/{test_id}", json=newer, headers={"if-match": "*"}).status_code

    assert "started" == tick(job_id)

    [run] = runs_of(road, job_id)
    assert (RunTrigger.SCHEDULE, NOON, False) == (run.trigger, run.scheduled_at, run.in_line)
    assert ["Newer", "T1"] == [test.title for test in run.tests]
    assert [run.id] == [order.run_id for order in road.plans()]
    [row] = ticks(api, job_id)
    assert ("2026-11-22T12:00:00Z", "started", run.id) == (row["at"], row["outcome"], row["runId"])
    shown = api.get(f"/api/runs/{run.id}").json()
    assert ("schedule", "2026-11-22T12:00:00Z") == (shown["trigger"], shown["scheduledAt"])


def test_a_tick_that_comes_five_times_at_once_starts_one_run(road: Any, api: Any) -> None:
    job_id = make_job(api)

    with ThreadPoolExecutor(5) as threads:
        told = list(threads.map(lambda _: tick(job_id), range(5)))

    assert ["started"] * 5 == told
    assert 1 == len(runs_of(road, job_id))
    assert ["started"] == outcomes(api, job_id)
    assert 1 == len({order.run_id for order in road.plans()})


def test_a_tick_waits_for_whoever_changes_its_job(api: Any) -> None:
    """Who changes or deletes a job has its row first, and then its schedule's: a tick that took them in another order would deadlock."""
    job_id = make_job(api)
    with ThreadPoolExecutor(1) as threads:
        with bootstrap.database().transaction() as connection:
            connection.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", [job_id])
            told = threads.submit(tick, job_id)
            with bootstrap.database().transaction() as other:
                while not other.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
                    time.sleep(0.02)
            connection.execute("SELECT FROM schedules WHERE job_id = %s FOR UPDATE NOWAIT", [job_id])

        assert "started" == told.result(10)


def test_a_tick_whose_first_delivery_broke_off_is_completed_by_the_next(
    road: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is in Postgres, but nobody was told of it."""
    job_id = make_job(api)
    with monkeypatch.context() as patch:
        patch.setattr(Launcher, "queue", _break_off)
        with pytest.raises(RuntimeError):
            tick(job_id)
    assert [] == road.plans()

    assert "started" == tick(job_id)

    assert 1 == len(runs_of(road, job_id)) == len(road.plans())


def _break_off(*_: Any) -> None:
    raise RuntimeError("the process dies here")


def test_a_job_may_be_due_while_nobody_can_tell_when(road: Any, api: Any) -> None:
    """An emulator leaves Scheduler's placeholder: then the tick is the minute in which it comes."""
    job_id = make_job(api)
    before = datetime.now(UTC).replace(second=0, microsecond=0)

    handler({"jobId": job_id, "scheduledAt": SCHEDULED_TIME}, Context())  # type: ignore[arg-type] # as above

    [run] = runs_of(road, job_id)
    assert before <= (run.scheduled_at or NOON) <= datetime.now(UTC)


@pytest.mark.parametrize("cron", ["0 3 * * *", "rate(7 hours)"])
def test_a_tick_at_another_time_is_none(cron: str, road: Any, api: Any) -> None:
    """What was on its way when the schedule was changed, say, starts nothing and leaves no row."""
    job_id = make_job(api, cron=cron)

    assert "unknown" == tick(job_id)
    assert "unknown" == tick("01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90")
    assert ([], []) == (list(runs_of(road, job_id)), ticks(api, job_id))


def test_skip_starts_nothing_while_a_run_is_in_the_way(road: Any, api: Any) -> None:
    job_id = make_job(api)
    tick(job_id)
    plan_all(road)
    [first] = runs_of(road, job_id)

    assert "skipped" == tick(job_id, minutes=1)
    end(road, first)
    assert "started" == tick(job_id, minutes=2)

    assert ["started", "skipped", "started"] == outcomes(api, job_id)
    assert first.id == ticks(api, job_id)[1]["otherRunId"]
    assert "runId" not in ticks(api, job_id)[1]


def test_a_run_that_somebody_else_started_is_in_no_ones_way(road: Any, api: Any) -> None:
    job_id = make_job(api)
    assert 202 == api.post("/api/jobs/run", json={"jobId": job_id}).status_code

    assert "started" == tick(job_id)
    assert 2 == len(runs_of(road, job_id))


def test_queued_runs_begin_one_after_another(road: Any, api: Any) -> None:
    """Also when one of them is cancelled, or deleted, before its turn."""
    job_id = make_job(api, overlap="queue", tests=1)
    assert ["started", *["queued"] * 4] == [tick(job_id, minutes=n) for n in range(5)]
    plan_all(road)
    first, second, third, fourth, last = runs_of(road, job_id)
    begun: list[list[bool]] = []

    def look() -> None:
        plan_all(road)
        begun.append([run.planned_at is not None for run in runs_of(road, job_id)])

    look()
    assert [False, *[True] * 4] == [run.in_line for run in (first, second, third, fourth, last)]
    assert last.deadline_at > first.deadline_at + timedelta(minutes=20)  # type: ignore[operator] # both have one
    bootstrap.canceller().cancel(road.workspace_id, second.id)
    look()
    end(road, first)
    look()
    bootstrap.deleter().run(road.workspace_id, third.id)
    sweep()
    look()
    end(road, fourth)
    look()

    assert [True, False, False, False, False] == begun[0] == begun[1]
    assert [True, False, True, False, False] == begun[2]
    assert [True, False, True, False] == begun[3]
    assert [True, False, True, True] == begun[4]
    assert RunStatus.CANCELLED is road.run(second.id).status
    assert first.id == ticks(api, job_id)[1]["otherRunId"]


def test_no_more_runs_wait_than_can_be_waited_for(api: Any) -> None:
    """A schedule that is faster than its job would never be done."""
    job_id = make_job(api, overlap="queue", tests=1)

    told = [tick(job_id, minutes=n) for n in range(MAX_WAITING + 3)]

    assert ["started", *["queued"] * MAX_WAITING, "skipped", "skipped"] == told


def test_replace_cancels_the_run_before(road: Any, api: Any) -> None:
    job_id = make_job(api, overlap="replace")
    tick(job_id)
    plan_all(road)

    assert "replaced" == tick(job_id, minutes=1)

    road.stream()
    first, second = runs_of(road, job_id)
    assert first.cancel_requested_at is not None
    assert RunStatus.CANCELLED is first.status
    assert [second.id] == [order.run_id for order in road.plans()]
    row = ticks(api, job_id)[1]
    assert (first.id, second.id) == (row["otherRunId"], row["runId"])


def test_a_paused_schedule_starts_nothing(road: Any, api: Any) -> None:
    job_id = make_job(api, enabled=False)

    assert "missed" == tick(job_id)
    assert ["missed paused"] == outcomes(api, job_id)
    assert [] == list(runs_of(road, job_id))


def test_what_cannot_be_started_says_why_and_is_a_failure_of_the_schedule(api: Any) -> None:
    """After three in a row on the job and in health, which stays well otherwise."""
    job_id = make_job(api)
    for test_id in api.get(f"/api/jobs/{job_id}").json()["tests"]:
        assert 204 == api("DELETE", f"/api/tests/{test_id}?force=true").status_code

    tick(job_id), tick(job_id, minutes=1)
    assert not api.get(f"/api/jobs/{job_id}").json()["schedule"]["failing"]
    tick(job_id, minutes=2)

    assert ["missed start_failed"] * 3 == outcomes(api, job_id)
    assert "no tests" in ticks(api, job_id)[0]["message"]
    assert api.get(f"/api/jobs/{job_id}").json()["schedule"]["failing"]
    assert api.get(f"/api/jobs/{job_id}/schedule").json()["failing"]
    assert api.get("/api/jobs").json()["items"][0]["schedule"]["failing"]
    health = api.get("/api/health")
    assert (200, "ok", "warning") == (
        health.status_code,
        health.json()["status"],
        health.json()["checks"]["schedules"]["status"],
    )
    assert health.json()["checks"]["schedules"]["detail"].startswith(
        "Schedules that did not start a run at their last 3 ticks: 1."
    )


# missed


def test_ticks_that_nobody_was_there_for_are_missed(road: Any, api: Any) -> None:
    """Also a year of them is accounted for, some with each sweep."""
    job_id = make_job(api)
    sweep()
    owe(job_id, minutes=20)
    away(minutes=20)

    assert {"ticks_missed": 20} == sweep(everything=True)

    assert ["missed stack_down"] * 20 == outcomes(api, job_id)
    assert {} == sweep(everything=True)
    assert [] == list(runs_of(road, job_id))
    assert not api.get(f"/api/jobs/{job_id}").json()["schedule"]["failing"]
    owe(job_id, minutes=25_000)
    assert [10_000, 10_000] == [sweep(everything=True)["ticks_missed"] for _ in range(2)]
    assert 4_900 < sweep(everything=True)["ticks_missed"] <= 5_000


def test_ticks_that_came_are_not_looked_at_again(api: Any) -> None:
    """However many have come, the next that did not is noticed."""
    job_id = make_job(api)
    sweep()
    owe(job_id, minutes=30)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    for ago in range(30, 9, -1):
        bootstrap.ticker().tick(job_id, now - timedelta(minutes=ago))

    assert {} == sweep()

    schedule = bootstrap.schedules().find(job_id)
    assert schedule
    assert now - timedelta(minutes=12) < schedule.accounted_until < now


def test_a_tick_may_still_be_on_its_way(api: Any) -> None:
    """Ten minutes pass before it counts as not delivered; nothing that came is touched."""
    job_id = make_job(api)
    sweep()
    owe(job_id, minutes=15)
    came = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=12)
    bootstrap.ticker().tick(job_id, came)

    missed = sweep()["ticks_missed"]

    assert missed in {4, 5}  # of a quarter of an hour, but the last ten minutes and the one that came
    told = outcomes(api, job_id)
    assert (missed, 1) == (told.count("missed not_delivered"), told.count("started"))


def test_the_last_missed_tick_is_made_up_for_where_that_is_wanted(road: Any, api: Any) -> None:
    """Once, however many there were, and with the row of that tick."""
    job_id = make_job(api, missed="run_once")
    sweep()
    owe(job_id, minutes=7)
    away(minutes=7)

    assert {"ticks_made_up_for": 1, "ticks_missed": 6} == sweep(everything=True)

    [run] = runs_of(road, job_id)
    last = ticks(api, job_id)[-1]
    assert ("started", run.id) == (last["outcome"], last["runId"])
    assert last["message"].startswith("Started late")
    assert {} == sweep(everything=True)


def test_a_change_accounts_for_what_the_old_schedule_owes(api: Any) -> None:
    job_id = make_job(api)
    owe(job_id, minutes=3)
    body = {"name": "Nightly", "tests": api.get(f"/api/jobs/{job_id}").json()["tests"]}

    api("PUT", f"/api/jobs/{job_id}", json={**body, "schedule": {"cron": "0 3 * * *"}}, headers={"if-match": "*"})

    assert ["missed changed"] * 3 == outcomes(api, job_id)


def test_old_ticks_are_forgotten_with_the_runs_of_their_time(api: Any) -> None:
    job_id = make_job(api)
    tick(job_id)
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE ticks SET at = at - interval '31 days'")

    assert 1 == sweep()["ticks_forgotten"]
    assert [] == ticks(api, job_id)


def test_scheduler_being_away_keeps_no_run_from_being_mended(
    road: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make_job(api)
    run_id = road.submit()
    road.orders()
    road.age(run_id, 400)
    monkeypatch.setattr(bootstrap.scheduler(), "_client", boto3.client("scheduler", endpoint_url="http://127.0.0.1:9"))

    began = time.monotonic()
    assert 1 == bootstrap.sweeper().sweep()["sent_again"]
    assert time.monotonic() - began < 60
