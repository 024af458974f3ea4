"""What only happens where something broke off at the right moment, each function with its own role: here the moment is made."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from matinee.model.script import Language
from matinee.model.work import TestOrder
from tests.deployed.deeds import PASSING, ended, ok, paused, sweep, until

LONG = PASSING + "// " + "x" * 400_000


@pytest.fixture
def database(cloud: Any) -> Iterator[psycopg.Connection[Any]]:
    """The database's owner, who may put things as they would never be left."""
    with psycopg.connect(cloud.conninfo, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def test_plan_job_ends_a_run_whose_time_is_over_and_lets_the_next_in_line_begin(
    api: httpx.Client, cloud: Any, database: psycopg.Connection[Any]
) -> None:
    """It writes what the report is made of, orders that, and orders the run that waited for this one."""
    with paused(cloud, "matinee-plan-job"):
        first, second = _in_line(api, database, title="too late")
        database.execute("UPDATE runs SET deadline_at = now() - interval '1 s' WHERE id = %s", [first])

    assert ["timed_out", "passed"] == [ended(api, f"/api/runs/{run}")["status"] for run in (first, second)]
    assert until(lambda: ok(api.get(f"/api/runs/{first}"))["links"].get("report"))


def test_track_runs_lets_the_next_in_line_begin(
    api: httpx.Client, cloud: Any, database: psycopg.Connection[Any]
) -> None:
    """The end of a schedule's run is what the next one of it waited for."""
    with paused(cloud, "matinee-plan-job"):
        first, second = _in_line(api, database, title="one after the other")

    assert ["passed", "passed"] == [ended(api, f"/api/runs/{run}")["status"] for run in (first, second)]


def test_a_tick_replaces_a_run_of_which_nothing_had_begun(api: httpx.Client, cloud: Any) -> None:
    """Nobody else is there to end it: what takes the tick does, and orders its report."""
    test = ok(api.post("/api/tests", json={"title": "replaced", "script": PASSING}))["id"]
    yearly = {"cron": "0 0 1 1 *", "timezone": "UTC", "overlap": "replace"}
    job = ok(api.post("/api/jobs", json={"name": "Replaced", "tests": [test], "schedule": yearly}))["id"]
    with paused(cloud, "matinee-plan-job"):
        outcomes = [_tick(cloud, job, f"{year}-01-01T00:00:00Z") for year in (2025, 2026)]
    newest, replaced = ok(api.get("/api/runs", params={"jobId": job}))["items"]
    statuses = [ended(api, one["links"]["self"])["status"] for one in (replaced, newest)]
    reported = until(lambda: ok(api.get(replaced["links"]["self"]))["links"].get("report"))
    api.delete(f"/api/jobs/{job}")

    assert ["started", "replaced"] == outcomes
    assert ["cancelled", "passed"] == statuses
    assert reported


def test_whoever_finds_a_result_without_its_report_makes_the_report(
    api: httpx.Client, cloud: Any, database: psycopg.Connection[Any]
) -> None:
    """A worker was lost between the two: the message comes back, and the report is made of the blob that is there."""
    run = ended(api, ok(api.post("/api/test", json={"script": PASSING}))["links"]["self"])
    until(lambda: ok(api.get(run["links"]["self"]))["links"].get("report"))
    workspace = _workspace(database, run["id"])
    index = f"runs/{workspace}/{run['id']}/report/index.html"
    s3, bucket = cloud.client("s3"), cloud.outputs["ArtifactsBucket"]
    s3.delete_object(Bucket=bucket, Key=index)
    table, lease = cloud.outputs["LiveTable"], {"pk": {"S": run["id"]}, "sk": {"S": f"lease#{run['id']}"}}
    pending: Any = {
        "UpdateExpression": "SET #report = :pending",
        "ExpressionAttributeNames": {"#report": "report"},
        "ExpressionAttributeValues": {":pending": {"S": "pending"}},
    }
    cloud.client("dynamodb").update_item(TableName=table, Key=lease, **pending)
    order = TestOrder(
        workspace_id=workspace, run_id=run["id"], test_id=run["id"], title="again", language=Language.TYPESCRIPT,
        module=False, script=PASSING, timeout_seconds=60, retries=0,
    )  # fmt: skip
    cloud.client("sqs").send_message(
        QueueUrl=cloud.outputs["TestQueueUrl"], MessageBody=order.model_dump_json(exclude_none=True)
    )

    assert until(lambda: [one for one in _keys(cloud, run["id"]) if one == index])


def test_sweep_sends_again_what_the_queue_lost(api: httpx.Client, cloud: Any) -> None:
    """A script that fits no message goes through the bucket once more."""
    with paused(cloud, "matinee-run-test"):
        accepted = ok(api.post("/api/test", json={"script": LONG}))
        [script] = [key for key in _keys(cloud, accepted["testId"]) if "/scripts/" in key]
        cloud.client("s3").delete_object(Bucket=cloud.outputs["ArtifactsBucket"], Key=script)
        cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs["TestQueueUrl"])
        done = sweep(cloud)

    assert done["sent_again"], done
    assert "passed" == ended(api, accepted["links"]["self"])["status"]


def test_sweep_tells_the_end_of_a_run_that_the_live_table_has_forgotten(
    api: httpx.Client, cloud: Any, database: psycopg.Connection[Any]
) -> None:
    """Its verdict is told again, and its report ordered again."""
    test = ok(api.post("/api/tests", json={"title": "forgotten", "script": PASSING}))["id"]
    job = ok(api.post("/api/jobs", json={"name": "Forgotten", "tests": [test]}))["id"]
    run = ok(api.post("/api/jobs/run", json={"jobId": job}))["runId"]
    until(lambda: _row(database, run)["end_said_at"])
    _forget(cloud, run)
    database.execute("UPDATE runs SET end_said_at = NULL, report_at = NULL WHERE id = %s", [run])

    done = sweep(cloud)

    assert done["settled_again"], done
    assert until(lambda: _row(database, run)["end_said_at"] and _row(database, run)["report_at"])


def test_sweep_finishes_a_deletion_that_broke_off(
    api: httpx.Client, cloud: Any, database: psycopg.Connection[Any]
) -> None:
    """The run is gone from Postgres; sweep takes what is left of it out of the bucket and the live table."""
    run = ended(api, ok(api.post("/api/test", json={"script": PASSING}))["links"]["self"])["id"]
    until(lambda: _row(database, run)["end_said_at"])
    database.execute(
        "INSERT INTO purges (run_id, workspace_id, settled, open_tests) VALUES (%s, %s, true, '{}')",
        [run, _workspace(database, run)],
    )
    database.execute("DELETE FROM runs WHERE id = %s", [run])
    assert _keys(cloud, run)

    done = sweep(cloud)

    assert done["runs_purged"], done
    assert ([], []) == (_keys(cloud, run), _items(cloud, run))


def _in_line(api: httpx.Client, database: psycopg.Connection[Any], *, title: str) -> list[str]:
    """Make two runs of one job, as if a schedule had: the second waits for the first."""
    test = ok(api.post("/api/tests", json={"title": title, "script": PASSING}))["id"]
    job = ok(api.post("/api/jobs", json={"name": title, "tests": [test]}))["id"]
    runs = [ok(api.post("/api/jobs/run", json={"jobId": job}))["runId"] for _ in range(2)]
    database.execute("UPDATE runs SET trigger = 'schedule', in_line = id = %s WHERE job_id = %s", [runs[1], job])
    return runs


def _tick(cloud: Any, job: str, at: str) -> str:
    payload = json.dumps({"jobId": job, "scheduledAt": at}).encode()
    answer = cloud.client("lambda").invoke(FunctionName="matinee-scheduled", Payload=payload)
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return str(told["outcome"])


def _row(database: psycopg.Connection[Any], run: str) -> Any:
    return database.execute("SELECT * FROM runs WHERE id = %s", [run]).fetchone()


def _workspace(database: psycopg.Connection[Any], run: str) -> str:
    return str(_row(database, run)["workspace_id"])


def _keys(cloud: Any, run: str) -> list[str]:
    """Give the keys of all that the run has in the bucket."""
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=cloud.outputs["ArtifactsBucket"])
    return [one["Key"] for page in pages for one in page.get("Contents", []) if run in one["Key"]]


def _items(cloud: Any, run: str) -> list[Any]:
    """Give the keys of all that the live table has of the run."""
    asked = {"KeyConditionExpression": "pk = :run", "ExpressionAttributeValues": {":run": {"S": run}}}
    found = cloud.client("dynamodb").query(TableName=cloud.outputs["LiveTable"], **asked)["Items"]
    return [{"pk": one["pk"], "sk": one["sk"]} for one in found]


def _forget(cloud: Any, run: str) -> None:
    for key in _items(cloud, run):
        cloud.client("dynamodb").delete_item(TableName=cloud.outputs["LiveTable"], Key=key)
