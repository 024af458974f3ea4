"""A schedule of the embedded stack fires by itself."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from local.stack import Stack

SCRIPT = "import { test } from '@playwright/test';\ntest('is trivial', async () => {});\n"


def put(api: httpx.Client, job: dict[str, Any], schedule: dict[str, Any] | None) -> None:
    body = {"name": job["name"], "tests": job["tests"], "schedule": schedule}
    api.put(f"/api/jobs/{job['id']}", json=body, headers={"If-Match": "*"}).raise_for_status()


def ticks_of(api: httpx.Client, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a job's ticks, the oldest first."""
    return list(reversed(api.get(f"/api/jobs/{job['id']}/schedule").raise_for_status().json()["ticks"]))


def wait_for_ticks(api: httpx.Client, job: dict[str, Any], count: int, *, seconds: float) -> list[dict[str, Any]]:
    deadline = time.monotonic() + seconds
    while len(found := ticks_of(api, job)) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found


def wait_for_report(api: httpx.Client, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while "report" not in (run := api.get(f"/api/runs/{run_id}").raise_for_status().json())["links"]:
        assert time.monotonic() < deadline, run
        time.sleep(0.2)
    return run


def in_scheduler(stack: Stack) -> list[str]:
    """Give the ids of the jobs that EventBridge Scheduler has schedules of."""
    client = stack.aws.session.client("scheduler", endpoint_url=stack.aws.endpoint)
    return sorted(each["Name"].partition(".")[0] for each in client.list_schedules(GroupName="matinee")["Schedules"])


@pytest.mark.timeout(240)
def test_a_schedule_of_every_minute_fires_until_it_is_paused(stack: Stack) -> None:
    """Twice in a row, each time with a run and its report. Paused, it does not; nor in a zone where it is not time."""
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as api:
        test_id = api.post("/api/tests", json={"title": "T", "script": SCRIPT}).raise_for_status().json()["id"]

        def make(name: str, **schedule: Any) -> dict[str, Any]:
            body = {"name": name, "tests": [test_id], "schedule": schedule}
            return dict(api.post("/api/jobs", json=body).raise_for_status().json())

        soon = datetime.now(UTC) + timedelta(minutes=1)
        every, paused = make("Every minute", cron="* * * * *"), make("Paused later", cron="*/1 * * * *")
        # Kathmandu is 5:45 ahead: its clock shows another hour and another quarter.
        there = soon + timedelta(hours=5, minutes=45)
        other = [
            make("Here and now", cron=f"{there.minute} {there.hour} * * *", timezone="Asia/Kathmandu"),
            make("Elsewhere", cron=f"{soon.minute} {soon.hour} * * *", timezone="Asia/Kathmandu"),
        ]
        assert sorted(job["id"] for job in (every, paused, *other)) == in_scheduler(stack)

        wait_for_ticks(api, paused, 1, seconds=65)
        put(api, paused, {"cron": "*/1 * * * *", "enabled": False})
        first, second = wait_for_ticks(api, every, 2, seconds=70)
        runs = [wait_for_report(api, tick["runId"]) for tick in (first, second)]

        assert ["started", "started"] == [first["outcome"], second["outcome"]]
        minutes = [datetime.fromisoformat(tick["at"]) for tick in (first, second)]
        assert timedelta(minutes=1) == minutes[1] - minutes[0]
        assert [("schedule", "passed")] * 2 == [(run["trigger"], run["status"]) for run in runs]
        assert [tick["at"] for tick in (first, second)] == [run["scheduledAt"] for run in runs]
        assert all(api.get(run["links"]["report"]).status_code == 200 for run in runs)
        assert 1 == len(ticks_of(api, paused))
        assert [1, 0] == [len(ticks_of(api, job)) for job in other]

        for job in (every, paused, *other):
            api.delete(f"/api/jobs/{job['id']}").raise_for_status()
        assert [] == in_scheduler(stack)
