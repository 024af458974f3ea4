"""Schedules over HTTP, and EventBridge Scheduler in step with them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"


def body_of(api: Any, schedule: dict[str, Any] | None, *, name: str = "Nightly") -> dict[str, Any]:
    test_id = api.post("/api/tests", json={"title": "T", "script": SCRIPT}).json()["id"]
    return {"name": name, "tests": [test_id], "schedule": schedule}


def make_job(api: Any, schedule: dict[str, Any] | None, *, name: str = "Nightly") -> Any:
    answer = api.post("/api/jobs", json=body_of(api, schedule, name=name))
    assert 201 == answer.status_code, answer.text
    return answer.json()


def change(api: Any, job: Any, schedule: dict[str, Any] | None) -> Any:
    body = {"name": job["name"], "tests": job["tests"], "schedule": schedule}
    answer = api("PUT", f"/api/jobs/{job['id']}", json=body, headers={"if-match": "*"})
    assert 200 == answer.status_code, answer.text
    return answer.json()


def down(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError


def sweep() -> dict[str, int]:
    return {name: n for name, n in bootstrap.sweeper().sweep().items() if name.startswith("schedules")}


def test_a_schedule_is_read_as_it_was_written(road: Any, api: Any) -> None:
    """With what it means, and the next times in its zone and in UTC."""
    written = {
        "cron": "30 9 * * mon-fri",
        "timezone": "America/New_York",
        "enabled": True,
        "overlap": "queue",
        "missed": "run_once",
        "startsAt": "2027-01-01T00:00:00Z",
        "endsAt": "2027-12-31T00:00:00Z",
    }
    job = make_job(api, written)

    told = api.get(f"/api/jobs/{job['id']}/schedule").json()
    assert written == {name: told[name] for name in written}
    assert job == api.get(f"/api/jobs/{job['id']}").json()
    assert job["schedule"] == {name: told[name] for name in job["schedule"]}
    assert "09:30" in told["words"]
    assert {"at": "2027-01-01T14:30:00Z", "local": "2027-01-01T09:30:00-05:00"} == told["next"][0]
    assert 10 == len(told["next"])
    assert told["next"][0]["at"] == told["nextAt"]
    assert [] == told["ticks"]
    assert {"cron(30 9 ? * 2-6 *)": "America/New_York"} == road.schedules()


def test_scheduler_follows_each_change(road: Any, api: Any) -> None:
    """A job without a schedule, or with a paused one, has nothing there; of a deleted one nothing is left."""
    job = make_job(api, None)
    assert {} == road.schedules()
    change(api, job, {"cron": "0 3 1 * mon", "timezone": "Europe/Berlin"})
    assert {"cron(0 3 1 * ? *)": "Europe/Berlin", "cron(0 3 ? * 2 *)": "Europe/Berlin"} == road.schedules()
    change(api, job, {"cron": "@hourly"})
    assert {"cron(0 * * * ? *)": "UTC"} == road.schedules()
    paused = change(api, job, {"cron": "@hourly", "enabled": False})
    assert {} == road.schedules()
    assert "nextAt" not in paused["schedule"]
    change(api, job, {"cron": "rate(5 minutes)"})
    assert {"rate(5 minutes)": "UTC"} == road.schedules()
    other = make_job(api, {"cron": "0 0 * * *"}, name="Other")

    assert 204 == api("DELETE", f"/api/jobs/{job['id']}").status_code

    assert {"cron(0 0 * * ? *)": "UTC"} == road.schedules()
    assert 404 == api.get(f"/api/jobs/{job['id']}/schedule").status_code
    change(api, other, None)
    assert {} == road.schedules()
    assert 404 == api.get(f"/api/jobs/{other['id']}/schedule").status_code


def test_a_change_of_something_else_leaves_the_schedule_alone(api: Any) -> None:
    """A rate goes on counting, and no tick is owed or forgiven."""
    job = make_job(api, {"cron": "rate(2 days)"})
    before = bootstrap.schedules().find(job["id"])

    change(api, {**job, "name": "Renamed"}, {"cron": "rate(2 days)", "overlap": "replace"})

    after = bootstrap.schedules().find(job["id"])
    assert before
    assert after
    assert (before.anchor_at, before.accounted_until) == (after.anchor_at, after.accounted_until)
    assert "replace" == after.overlap


def test_what_is_over_is_not_in_scheduler(road: Any, api: Any) -> None:
    """And says that it will not fire."""
    job = make_job(api, {"cron": "@daily", "endsAt": (datetime.now(UTC) + timedelta(days=3)).isoformat()})
    assert 3 == len(api.get(f"/api/jobs/{job['id']}/schedule").json()["next"])
    assert road.schedules()

    change(api, job, {"cron": "@daily", "endsAt": "2020-01-01T00:00:00Z"})

    assert {} == road.schedules()
    assert [] == api.get(f"/api/jobs/{job['id']}/schedule").json()["next"]


@pytest.mark.parametrize("broken", ["names", "create", "delete"])
def test_a_change_that_scheduler_did_not_hear_of_is_mended_within_one_sweep(
    broken: str, road: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is saved all the same, and the sweep says what it mended."""
    job = make_job(api, {"cron": "0 1 * * *"})
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.scheduler(), broken, down)
        change(api, job, {"cron": "0 2 * * *"})
    assert "0 2 * * *" == api.get(f"/api/jobs/{job['id']}").json()["schedule"]["cron"]
    assert "cron(0 1 * * ? *)" in road.schedules()

    expected = {"schedules_created": 1, "schedules_deleted": 1} if broken != "delete" else {"schedules_deleted": 1}
    assert expected == sweep()

    assert {"cron(0 2 * * ? *)": "UTC"} == road.schedules()
    assert {} == sweep()


def test_a_schedule_that_scheduler_does_not_take_keeps_no_other_from_being_mended(
    road: Any, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither from being created nor from being deleted; its own former one stays until it is replaced."""
    scheduler = bootstrap.scheduler()
    changed = make_job(api, {"cron": "0 1 * * *"}, name="Changed")
    gone = make_job(api, {"cron": "0 2 * * *"}, name="Gone")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "names", down)
        change(api, changed, {"cron": "0 3 * * *"})
        change(api, gone, None)
        make_job(api, {"cron": "0 4 * * *"}, name="New")
    create = scheduler.create

    def picky(entry: Any, **more: Any) -> None:
        if entry.job_id == changed["id"]:
            raise LiveUnavailableError
        create(entry, **more)

    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "create", picky)
        assert {"schedules_created": 1, "schedules_deleted": 1} == sweep()

    assert {"cron(0 1 * * ? *)", "cron(0 4 * * ? *)"} == road.schedules().keys()
    assert {"schedules_created": 1, "schedules_deleted": 1} == sweep()
    assert {"cron(0 3 * * ? *)", "cron(0 4 * * ? *)"} == road.schedules().keys()


KILLED = """
import asyncio, os, sys
import httpx
from functions.submit.app import create_app
from matinee import bootstrap
from matinee.stores.scheduler import Scheduler

Scheduler.names = lambda *_, **__: os._exit(9)  # dies as it turns to Scheduler

async def main(method, path, body):
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://matinee.test", verify=False) as client:
        headers = {"authorization": f"Bearer {os.environ['KEY']}", "content-type": "application/json", "if-match": "*"}
        await client.request(method, path, content=body, headers=headers)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_process_that_dies_between_database_and_scheduler_is_made_good_by_a_sweep(
    method: str, road: Any, api: Any
) -> None:
    """Whatever it was about to say: there is a schedule, another, or none any more."""
    body = body_of(api, {"cron": "0 2 * * *"})
    path = "/api/jobs"
    if method != "POST":
        path += "/" + make_job(api, {"cron": "0 1 * * *"})["id"]
    before = road.schedules()
    if method == "DELETE":  # its purge needs stores that only this process has
        bootstrap.deletions().delete_job(road.workspace_id, path.rpartition("/")[2])
    else:
        environment = {**os.environ, "KEY": road.key}
        died = subprocess.run(
            [sys.executable, "-c", KILLED, method, path, json.dumps(body)], env=environment, check=False
        )
        assert 9 == died.returncode
    assert before == road.schedules()

    mended = sweep()

    assert ({} if method == "DELETE" else {"cron(0 2 * * ? *)": "UTC"}) == road.schedules()
    assert {"POST": 1, "PUT": 2, "DELETE": 1}[method] == sum(mended.values())
    assert {} == sweep()


def test_another_workspaces_schedule_is_not_found(api: Any, other: Any) -> None:
    job = make_job(api, {"cron": "@daily"})

    assert 404 == other.get(f"/api/jobs/{job['id']}/schedule").status_code
    assert 404 == api.get("/api/jobs/nothing/schedule").status_code


# previews


def test_a_preview_explains_an_expression_before_anything_is_saved(road: Any, api: Any) -> None:
    """In words, with its next times, what Scheduler gets, and the nights on which the clock is changed."""
    told = api.post("/api/schedules/preview", json={"cron": "30 2 * * *", "timezone": "Europe/Berlin"})

    assert 200 == told.status_code
    preview = told.json()
    assert ["cron(30 2 * * ? *)"] == preview["expressions"]
    assert "02:30" in preview["words"]
    assert 10 == len(preview["next"])
    assert all(time["local"][11:16] == "02:30" for time in preview["next"])
    assert {"skipped", "once"} == {each["what"] for each in preview["irregular"]}
    assert {} == road.schedules()


@pytest.mark.parametrize(
    ("schedule", "field", "more"),
    [
        ({"cron": "75 * * * *"}, "cron", {"position": 1}),
        ({"cron": "0 9 * * mno"}, "cron", {"position": 9, "suggestion": "mon"}),
        ({"cron": "0 9 * *"}, "cron", {}),
        ({"cron": "0 0 */2 * mon"}, "cron", {}),
        ({"cron": "rate(5 minute)"}, "cron", {"position": 8, "suggestion": "minutes"}),
        ({"cron": ""}, "cron", {}),
        ({"cron": "x" * 5_000}, "cron", {}),
        ({"cron": "0 0 30 2 *"}, "cron", {}),
        ({"cron": "@daily", "timezone": "Europe/Berln"}, "timezone", {"suggestion": "Europe/Berlin"}),
        ({"cron": "cron(30 2 28 3 ? 2027)", "timezone": "Europe/Berlin"}, "cron", {}),  # the clocks leave it out
        ({"cron": "@daily", "overlap": "both"}, "overlap", {}),
        ({"cron": "@daily", "missed": "often"}, "missed", {}),
        ({"cron": "@daily", "startsAt": "tomorrow"}, "startsAt", {}),
        ({"cron": "@daily", "startsAt": "2027-01-01T00:00:00"}, "startsAt", {}),
        ({"cron": "@daily", "startsAt": "2027-01-01T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}, "", {}),
        ({"timezone": "UTC"}, "cron", {}),
        ({"cron": "@daily", "zone": "UTC"}, "zone", {}),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    schedule: dict[str, Any], field: str, more: dict[str, Any], road: Any, api: Any
) -> None:
    """In a job and in a preview alike; nothing is saved."""
    answer = api.post("/api/jobs", json=body_of(api, schedule))
    fault = answer.json()["errors"][0]

    assert 422 == answer.status_code
    assert f"schedule.{field}".rstrip(".") == fault["field"]
    assert more.items() <= fault.items(), fault
    assert [] == api.get("/api/jobs").json()["items"]
    assert {} == road.schedules()
    if schedule.keys() <= {"cron", "timezone"}:
        previewed = api.post("/api/schedules/preview", json=schedule)
        assert (422, field) == (previewed.status_code, previewed.json()["errors"][0]["field"])
