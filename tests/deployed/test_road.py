"""The whole road through API Gateway's URL, each function with its own role, from its own bundle."""

import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from tests.deployed.conftest import deploy
from tests.deployed.deeds import ENDLESS, FAILING, HEAD, PASSING, ended, ok, paused, sweep, until


def test_the_deployment_says_what_it_did(cloud: Any) -> None:
    """Each resource that is made is a line, and each migration; a key is not among them."""
    assert any(line.startswith("  + ") and "AWS::Lambda::Function" in line for line in cloud.said)
    assert any(line.strip() == "0001_runs" for line in cloud.said)
    assert not [line for line in cloud.said if cloud.key in line]


def test_a_second_deployment_changes_nothing(cloud: Any) -> None:
    """The same checkout is the same template: no resource, no migration, no other key. The database's URL was kept."""
    said: list[str] = []
    again = deploy(cloud.settings, said, endpoint=cloud.endpoint, database_url=None)

    assert (None, cloud.url) == (again.first_key, again.url)
    assert "  nothing" == said[said.index("What changes") + 1]
    assert not [line for line in said if line.startswith(("  + ", "  ~ ", "  - ")) or line.strip() == "0001_runs"]


def test_health_answers_without_a_key(cloud: Any) -> None:
    """All that submit reaches, it reaches with its own role."""
    answer = httpx.get(f"{cloud.url}/api/health", timeout=60)

    assert (200, {"ok"}) == (answer.status_code, {one["status"] for one in answer.json()["checks"].values()}), (
        answer.text
    )


def test_a_script_from_the_playground_passes_and_is_read(api: httpx.Client) -> None:
    """202, live events to their end, the verdict, the console, the report with its trace."""
    accepted = ok(api.post("/api/test", json={"script": PASSING}))
    events = _events(api.get(accepted["links"]["events"]).text)
    run = ok(api.get(accepted["links"]["self"]))

    assert "passed" == run["status"]
    assert ["run", "test", "report", "end"] == [
        kind for kind in ("run", "test", "report", "end") if kind in {one for one, _ in events}
    ]
    assert "bowed" in api.get(accepted["links"]["console"]).text
    report = api.get(run["links"]["report"])
    assert (200, "text/html") == (report.status_code, report.headers["content-type"].partition(";")[0])
    assert 200 == api.get(f"{run['links']['report']}trace/index.html").status_code
    assert 404 == api.get(f"{run['links']['report']}data/no-such-file.zip").status_code
    results = ok(api.get(f"{run['links']['report']}results.json"))
    [trace] = _traces(results)
    kept = api.get(f"{run['links']['report']}{trace}")
    assert "0-trace.trace" in "".join(zipfile.ZipFile(io.BytesIO(kept.content)).namelist())


def test_a_long_script_and_a_wrong_one(api: httpx.Client) -> None:
    """What fits no message goes through the bucket; what does not parse is told where, by the parser in the bundle."""
    long = PASSING + "// " + "x" * 400_000
    run = ended(api, ok(api.post("/api/test", json={"script": long}))["links"]["self"])
    wrong = api.post("/api/test", json={"script": "test('a', () => {"})

    assert "passed" == run["status"]
    assert (422, 1) == (wrong.status_code, wrong.json()["line"]), wrong.text


def test_a_secret_goes_from_the_api_to_the_script_and_nowhere_else(api: httpx.Client) -> None:
    """Submit's role encrypts it by KMS, run_test's decrypts it; the console has a mask in its place."""
    hush = "correct horse battery staple"
    script = (
        HEAD
        + """test('knows it', async () => {
  expect(process.env.HUSH).toHaveLength(28);
  console.log(`it is ${process.env.HUSH} at ${process.env.WHERE}`);
});
"""
    )
    saved = [
        ok(api.put(f"/api/variables/{name}", json=body))
        for name, body in {"HUSH": {"value": hush, "secret": True}, "WHERE": {"value": "home"}}.items()
    ]
    run = ended(api, ok(api.post("/api/test", json={"script": script}))["links"]["self"])
    for variable in saved:
        assert 204 == api.delete(f"/api/variables/{variable['name']}").status_code

    assert ("passed", None) == (run["status"], run.get("message"))
    assert "it is *** at home\n" == api.get(run["links"]["console"]).text
    assert [True, False] == ["value" not in one for one in saved]


@pytest.fixture(scope="module")
def job(cloud: Any) -> dict[str, Any]:
    """A job of five tests, of which one fails, and its run."""
    with httpx.Client(base_url=cloud.url, headers={"Authorization": f"Bearer {cloud.key}"}, timeout=120) as api:
        scripts = {"one": PASSING, "two": PASSING, "three": FAILING, "four": PASSING, "five": PASSING}
        tests = [
            ok(api.post("/api/tests", json={"title": title, "script": script}))["id"]
            for title, script in scripts.items()
        ]
        made = ok(api.post("/api/jobs", json={"name": "Evening", "tests": tests}))
        accepted = ok(api.post("/api/jobs/run", json={"jobId": made["id"]}))
        api.get(accepted["links"]["events"])
        return {"id": made["id"], "run": accepted["runId"]}


def test_a_job_of_five_with_one_that_fails(api: httpx.Client, job: dict[str, Any]) -> None:
    """Each test has its own result; one report has them all, and JUnit too."""
    run = ok(api.get(f"/api/runs/{job['run']}"))
    report = run["links"]["report"]

    assert "failed" == run["status"]
    assert ["passed", "passed", "failed", "passed", "passed"] == [test["status"] for test in run["tests"]]
    assert 200 == api.get(report).status_code
    assert 'failures="1"' in api.get(f"{report}junit.xml").text


def test_what_failed_is_run_again(api: httpx.Client, job: dict[str, Any]) -> None:
    again = ok(api.post(f"/api/runs/{job['run']}/rerun", json={"only": "failed"}))

    assert ["failed"] == [test["status"] for test in ended(api, again["links"]["self"])["tests"]]


def test_a_job_one_by_one_with_scripts_that_fit_no_message(api: httpx.Client) -> None:
    """plan_job sends the first and track_runs the second; both put a script into the bucket first."""
    long = PASSING + "// " + "x" * 400_000
    tests = [ok(api.post("/api/tests", json={"title": title, "script": long}))["id"] for title in ("first", "second")]
    made = ok(api.post("/api/jobs", json={"name": "One by one", "tests": tests, "parallelism": 1}))
    run = ended(api, ok(api.post("/api/jobs/run", json={"jobId": made["id"]}))["links"]["self"])

    assert ["passed", "passed"] == [test["status"] for test in run["tests"]]


def test_a_job_that_is_cancelled_before_it_is_planned(api: httpx.Client, cloud: Any) -> None:
    """Nobody but submit is there to end it, and it orders the report, in which no test has a blob."""
    test = ok(api.post("/api/tests", json={"title": "never", "script": PASSING}))["id"]
    made = ok(api.post("/api/jobs", json={"name": "Never", "tests": [test]}))
    with paused(cloud, "matinee-plan-job"):
        accepted = ok(api.post("/api/jobs/run", json={"jobId": made["id"]}))
        api.post(f"{accepted['links']['self']}/cancel")
        run = until(lambda: (found := ok(api.get(accepted["links"]["self"])))["links"].get("report") and found)

    assert ("cancelled", ["cancelled"]) == (run["status"], [one["status"] for one in run["tests"]])
    assert 200 == api.get(run["links"]["report"]).status_code


def test_a_run_that_is_cancelled_stops(api: httpx.Client) -> None:
    accepted = ok(api.post("/api/test", json={"script": ENDLESS}))
    until(lambda: "waiting" in api.get(accepted["links"]["console"]).text)
    api.post(f"{accepted['links']['self']}/cancel")

    assert "cancelled" == ended(api, accepted["links"]["self"])["status"]


def test_a_schedule_fires(api: httpx.Client) -> None:
    """EventBridge Scheduler calls the function of ticks with a role of its own; the run says what started it."""
    test = ok(api.post("/api/tests", json={"title": "Each minute", "script": PASSING}))["id"]
    schedule = {"cron": "* * * * *", "timezone": "Europe/Berlin"}
    made = ok(api.post("/api/jobs", json={"name": "Each minute", "tests": [test], "schedule": schedule}))
    runs = until(lambda: ok(api.get("/api/runs", params={"jobId": made["id"]}))["items"], seconds=100)
    assert 204 == api.delete(f"/api/jobs/{made['id']}").status_code

    assert "schedule" == runs[0]["trigger"]


def test_what_is_deleted_is_gone_everywhere(api: httpx.Client, cloud: Any, job: dict[str, Any]) -> None:
    """With its job go the runs, in Postgres, in the live table and in the bucket; the second time it is already gone."""
    bucket, table = cloud.outputs["ArtifactsBucket"], cloud.outputs["LiveTable"]
    assert [204, 404] == [api.delete(f"/api/jobs/{job['id']}").status_code for _ in range(2)]

    def left() -> list[Any]:
        items = cloud.client("dynamodb").query(
            TableName=table, KeyConditionExpression="pk = :run", ExpressionAttributeValues={":run": {"S": job["run"]}}
        )["Items"]
        objects = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix="runs/").get("Contents", [])
        return [*items, *(one["Key"] for one in objects if job["run"] in one["Key"])]

    assert until(lambda: not left())


def test_sweep_mends_with_its_own_role(api: httpx.Client, cloud: Any) -> None:
    """What Scheduler lost is made again and what nobody wants there is deleted, dead letters are cleared, lost messages sent again."""
    scheduler, sqs = cloud.client("scheduler"), cloud.client("sqs")
    test = ok(api.post("/api/tests", json={"title": "yearly", "script": PASSING}))["id"]
    yearly = {"cron": "0 0 1 1 *", "timezone": "UTC"}
    job = ok(api.post("/api/jobs", json={"name": "Yearly", "tests": [test], "schedule": yearly}))["id"]
    kept = scheduler.list_schedules(GroupName="matinee")["Schedules"]
    whole = scheduler.get_schedule(GroupName="matinee", Name=kept[0]["Name"])
    stray = {name: whole[name] for name in ("ScheduleExpression", "Target", "FlexibleTimeWindow")}
    scheduler.create_schedule(GroupName="matinee", Name=f"{test}.stray", **stray)
    scheduler.delete_schedule(GroupName="matinee", Name=kept[0]["Name"])
    for queue in ("test-execution-dead", "job-execution-dead", "report-merge-dead"):
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody="{}")
    with paused(cloud, "matinee-plan-job"):
        accepted = ok(api.post("/api/jobs/run", json={"jobId": job}))
        sqs.purge_queue(QueueUrl=cloud.outputs["JobQueueUrl"])
        done = sweep(cloud)
    run = ended(api, accepted["links"]["self"])
    left = [one["Name"] for one in scheduler.list_schedules(GroupName="matinee")["Schedules"]]
    api.delete(f"/api/jobs/{job}")

    assert (1, 1) == (done["schedules_created"], done["schedules_deleted"]), done
    assert [kept[0]["Name"]] == left
    assert "passed" == run["status"]


def _events(text: str) -> list[tuple[str, Any]]:
    found = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in text.split("\n\n")]
    return [(one["event"], json.loads(one["data"])) for one in found if "data" in one and "event" in one]


def _traces(results: Any) -> list[str]:
    text = json.dumps(results)
    return sorted({part.split('"')[0] for part in text.split('"path": "')[1:] if ".zip" in part})
