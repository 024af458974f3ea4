from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from uuid_utils import uuid7

from functions.submit.app import create_app
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.stores.rows import Run

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"


def make_job(api: Any, *, tests: int = 2, **more: Any) -> Any:
    ids = [api.post("/api/tests", json={"title": f"T{n}", "script": SCRIPT}).json()["id"] for n in range(tests)]
    return api.post("/api/jobs", json={"name": "Nightly", "tests": ids, **more}).json()


def start(road: Any, api: Any, job: Any, *, planned: bool = True) -> Run:
    """Make a run of the job, with a ticket, a share and an idempotency key, and something of each of its tests in S3."""
    headers = {"idempotency-key": str(uuid7())}
    run_id = api.post("/api/jobs/run", json={"jobId": job["id"]}, headers=headers).json()["runId"]
    api.post(f"/api/runs/{run_id}/tickets")
    api.post(f"/api/runs/{run_id}/shares", json={"name": "Designers"})
    if planned:
        bootstrap.planner().plan(road.workspace_id, run_id)
    run: Run = road.run(run_id)
    for test in run.tests:
        leave(road, run_id, test.id)
    return run


def leave(road: Any, run_id: str, test_id: str) -> None:
    key = f"runs/{road.workspace_id}/{run_id}/tests/{test_id}/blob.zip"
    bootstrap.artifacts().put_bytes(key, b"blob", content_type="application/zip")


def finish(road: Any, run: Run) -> None:
    """Let all of the run's tests end, and its story with them."""
    for number in range(len(run.tests)):
        road.begin(run, number)
        road.end(run, number)
    road.report(run.id)
    road.stream()
    assert road.run(run.id).end_said_at


def rows(table: str) -> int:
    with bootstrap.database().transaction() as connection:
        row = connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
    return int(row["n"]) if row else 0


def live_keys() -> list[tuple[str, str]]:
    items = boto3.client("dynamodb").scan(TableName="live", ConsistentRead=True)["Items"]
    return [(item["pk"]["S"], item["sk"]["S"]) for item in items]


def objects() -> list[str]:
    return [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket="artifacts").get("Contents", [])]


RUN_TABLES = ("runs", "run_tests", "run_tickets", "shares", "idempotency_keys")


def left() -> dict[str, Any]:
    """All that there is of any run, wherever it may be."""
    counted = {table: rows(table) for table in (*RUN_TABLES, "purges")}
    return {**{table: n for table, n in counted.items() if n}, "live": live_keys(), "s3": objects()}


NOTHING = {"live": [], "s3": []}


def test_of_a_deleted_job_nothing_is_left_but_its_tests(road: Any, api: Any) -> None:
    """Neither of a run that ended, nor of one that runs, nor of one that is queued: in Postgres, DynamoDB or S3."""
    job = make_job(api)
    over, running, queued = start(road, api, job), start(road, api, job), start(road, api, job, planned=False)
    finish(road, over)
    road.begin(running, 0)

    assert 204 == api("DELETE", f"/api/jobs/{job['id']}").status_code

    assert [0] * len(RUN_TABLES) == [rows(table) for table in RUN_TABLES]
    assert [0, 0, 2] == [rows(table) for table in ("jobs", "job_tests", "tests")]
    assert not any(over.id in f"{run_id}{key}" for run_id, key in [*live_keys(), *(("", key) for key in objects())])
    worker_ends_as_it_is_asked_to(road, running, 0)
    assert 2 == bootstrap.purger().purge(patience_s=10, grace_s=0, orders_last_s=0)
    assert NOTHING == left(), queued.id


def worker_ends_as_it_is_asked_to(road: Any, run: Run, number: int) -> None:
    """It hears of its cancellation when it renews its lease, keeps what there is, and says how it ended."""
    test_id = run.tests[number].id
    now = round(datetime.now(UTC).timestamp() * 1000)
    assert bootstrap.live().renew(run.id, test_id, owner="worker", now=now, lease_ms=1).cancel
    leave(road, run.id, test_id)
    road.finish(run.id, "cancelled", test_id=test_id)
    road.stream()


def test_of_a_deleted_run_nothing_is_left(road: Any, api: Any) -> None:
    run_id = api.post("/api/test", json={"script": SCRIPT}).json()["testId"]
    road.orders()
    road.claim(run_id)
    leave(road, run_id, run_id)
    road.finish(run_id)
    road.report(run_id)
    road.stream()

    answers = [api("DELETE", f"/api/runs/{run_id}") for _ in range(2)]

    assert [204, 404] == [answer.status_code for answer in answers]
    assert "already deleted" in answers[1].json()["detail"]
    assert NOTHING == left()


def test_one_run_of_a_job_goes_and_the_others_stay_and_forget_it(road: Any, api: Any) -> None:
    job = make_job(api)
    old = start(road, api, job)
    finish(road, old)
    again = api.post(f"/api/runs/{old.id}/rerun", json={"only": "all"}).json()["runId"]

    api("DELETE", f"/api/runs/{old.id}")

    assert [again] == [run["id"] for run in api.get("/api/runs").json()["items"]]
    assert "rerunOf" not in api.get(f"/api/runs/{again}").json()
    assert again == api.get(f"/api/jobs/{job['id']}").json()["lastRun"]["runId"]
    assert {again} == {run_id for run_id, _ in live_keys()}


def test_deleting_twice_is_a_friendly_404(api: Any) -> None:
    job = make_job(api)

    answers = [api("DELETE", f"/api/jobs/{job['id']}") for _ in range(2)]

    assert [204, 404] == [answer.status_code for answer in answers]
    assert ("application/problem+json", True) == (
        answers[1].headers["content-type"],
        "already deleted" in answers[1].json()["detail"],
    )


def test_of_many_who_delete_at_once_one_does(road: Any, api: Any) -> None:
    job = make_job(api)
    run = start(road, api, job)

    with ThreadPoolExecutor(4) as people:
        jobs = list(people.map(lambda _: api("DELETE", f"/api/jobs/{job['id']}").status_code, range(4)))

    assert [204, 404, 404, 404] == sorted(jobs)
    assert 404 == api.get(f"/api/runs/{run.id}").status_code


def test_what_is_deleted_is_the_workspaces_own(
    road: Any, api: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str]
) -> None:
    job = make_job(api)
    run = start(road, api, job)
    key = bootstrap.keys().create(new_workspace(), "other")
    other = client_of(create_app(), headers={"authorization": f"Bearer {key}"})

    paths = [f"/api/jobs/{job['id']}", f"/api/runs/{run.id}", "/api/runs/x", f"/api/runs/{uuid7()}", "/api/jobs/x"]

    assert {404} == {other("DELETE", path).status_code for path in paths}
    assert [200, 200] == [api.get(path).status_code for path in paths[:2]]


def test_a_run_is_deleted_though_aws_does_not_answer(road: Any, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of it is for the next sweep."""
    run = start(road, api, make_job(api))
    finish(road, run)

    def down(*_: Any) -> None:
        raise LiveUnavailableError

    with monkeypatch.context() as aws:
        aws.setattr(bootstrap.artifacts(), "delete_all", down)
        assert 204 == api("DELETE", f"/api/runs/{run.id}").status_code
    assert objects()

    assert 1 == bootstrap.purger().purge(patience_s=10)
    assert NOTHING == left()


def test_whoever_is_at_a_run_that_is_deleted_meanwhile_drops_it(road: Any, api: Any) -> None:
    """The planner finds no run; what the stream brings of it is dropped; a retried request does not bring it back."""
    job = make_job(api)
    planned, running = start(road, api, job, planned=False), start(road, api, job)
    road.claim(running.id, running.tests[0].id)
    api("DELETE", f"/api/jobs/{job['id']}")

    road.stream()
    worker_ends_as_it_is_asked_to(road, running, 0)

    assert 2 == len(road.plans())
    assert [0, 0] == [rows(table) for table in ("runs", "run_tests")]
    assert not [
        key
        for run_id, key in live_keys()
        if run_id == planned.id and key not in {"said#queued", "end"} and "event" not in key
    ]


def test_a_job_deleted_while_it_is_started_leaves_no_run_without_its_job(api: Any) -> None:
    for _ in range(5):
        job = make_job(api, tests=1)
        with ThreadPoolExecutor(2) as both:
            started = both.submit(api.post, "/api/jobs/run", json={"jobId": job["id"]})
            deleted = both.submit(api, "DELETE", f"/api/jobs/{job['id']}")
        assert (204, True) == (deleted.result().status_code, started.result().status_code in {202, 409, 422})
        assert [0, 0] == [rows(table) for table in ("runs", "run_tests")]
