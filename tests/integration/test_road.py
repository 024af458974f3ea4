"""The whole road, on the embedded stack with nothing faked: POST, queue, function, live table, stream, verdict, report."""

import concurrent.futures
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from httpx_sse import connect_sse

from local.stack import Stack, temporary
from matinee.model.work import TestOrder

SCRIPTS = Path(__file__).with_name("scripts")
TERMINAL = {"passed", "failed", "error", "timed_out", "cancelled"}
QUICK = "import { test } from '@playwright/test';\ntest('quick', async () => {});\n"
SLOW = """
import { test } from '@playwright/test';
test('slow', async ({ page }) => { console.log('begun'); await page.waitForTimeout(4000); });
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with temporary() as stack:
        yield stack


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as client:
        yield client


def submit(api: httpx.Client, script: str, **rest: Any) -> str:
    answer = api.post("/api/test", json={"script": script, **rest})
    assert 202 == answer.status_code, answer.text
    return str(answer.json()["testId"])


def follow(
    api: httpx.Client, run_id: str, *, after: int = 0, until: str = "end", seconds: float = 90
) -> list[tuple[int, str, dict[str, Any]]]:
    """All events of a run from the one after `after` to the first of type `until`, as (number, type, data)."""
    told = []
    headers = {"Last-Event-ID": str(after)} if after else {}
    with connect_sse(api, "GET", f"/api/test-status/sse/{run_id}", headers=headers, timeout=seconds) as source:
        for event in source.iter_sse():
            told.append((int(event.id), event.event, event.json()))
            if event.event == until:
                break
    return told


def wait(api: httpx.Client, run_id: str, *, seconds: float = 90) -> dict[str, Any]:
    """The run once it has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run: dict[str, Any] = api.get(f"/api/runs/{run_id}").json()
        if run["status"] in TERMINAL:
            return run
        time.sleep(0.1)
    raise AssertionError(f"still {run['status']} after {seconds} s")


def test_a_script_travels_from_post_to_report(api: httpx.Client) -> None:
    """Queued, running, the tests' events, verdict, report, end, numbered without a gap; and a GET agrees with each."""
    run_id = submit(api, (SCRIPTS / "passing.spec.ts").read_text())
    told = follow(api, run_id)
    run = api.get(f"/api/runs/{run_id}").json()
    report = api.get(run["links"]["report"])

    assert list(range(1, len(told) + 1)) == [number for number, _, _ in told]
    outline = [(kind, data.get("status")) for _, kind, data in told if kind in {"run", "test", "report", "end"}]
    assert [
        ("run", "queued"), ("run", "running"), ("test", "running"), ("test", "passed"), ("run", "passed"), ("report", None), ("end", "passed"),
    ] == outline  # fmt: skip
    assert ("passed", 1) == (run["status"], run["counts"]["passed"])
    assert ["group › says hello"] == [case["title"] for case in run["tests"][0]["cases"]]
    assert 200 == report.status_code
    assert b"<!DOCTYPE html>" in report.content[:100]


def test_a_client_that_comes_back_or_late_hears_each_event_once(api: httpx.Client) -> None:
    """Resuming after any number, and coming after the end, give exactly the rest and the whole."""
    run_id = submit(api, (SCRIPTS / "failing.spec.ts").read_text())
    first = follow(api, run_id, until="test")
    rest = follow(api, run_id, after=first[-1][0])
    late = follow(api, run_id)

    assert late == first + rest
    assert [("failed", "end")] == [(data["status"], kind) for _, kind, data in late[-1:]]


def test_a_large_script_travels_through_s3(api: httpx.Client) -> None:
    """A script of 1 MB is more than a message holds, and runs all the same."""
    padding = f"// {'x' * 990_000}\n"
    run = wait(api, submit(api, padding + QUICK))

    assert "passed" == run["status"], run


@pytest.mark.parametrize("script", ["awaits-forever", "loops-at-load"])
def test_a_deadline_is_kept_through_the_whole_road(script: str, api: httpx.Client) -> None:
    """A run ends as timed_out within its deadline and 5 s, with a report, and its worker takes the next one."""
    run_id = submit(api, (SCRIPTS / f"{script}.spec.ts").read_text(), timeoutSeconds=4)
    told = follow(api, run_id, seconds=30)
    run = api.get(f"/api/runs/{run_id}").json()

    assert ("timed_out", "end") == (told[-1][2]["status"], told[-1][1])
    assert run["durationMs"] < 9_000
    assert 200 == api.get(run["links"]["report"]).status_code
    assert "passed" == wait(api, submit(api, QUICK))["status"]


@pytest.mark.parametrize("script", ["eats-buffers", "eats-heap"])
def test_memory_until_death_is_what_the_verdict_says(script: str, api: httpx.Client) -> None:
    """Tried again only while there is time for it, so that the last word is about memory, not about the deadline."""
    run = wait(api, submit(api, (SCRIPTS / f"{script}.spec.ts").read_text(), timeoutSeconds=25))

    assert ("error", "out_of_memory") == (run["status"], run["reason"]), run


def test_cancelling_a_running_script_takes_seconds_at_most(api: httpx.Client) -> None:
    """From the answer to the verdict; the console so far and the partial report are there."""
    run_id = submit(api, (SCRIPTS / "one-then-forever.spec.ts").read_text())
    follow(api, run_id, until="console")
    asked = time.monotonic()
    api.post(f"/api/runs/{run_id}/cancel").raise_for_status()
    run = wait(api, run_id)
    took = time.monotonic() - asked

    assert ("cancelled", "cancelled") == (run["status"], run["reason"])
    assert took < 5  # under 2 s on a machine that does nothing else
    assert "waiting" in api.get(run["links"]["console"]).text
    follow(api, run_id)
    assert 200 == api.get(f"/api/test-results/tests/{run_id}/report/").status_code


def test_twenty_submissions_at_once_all_end_right(api: httpx.Client) -> None:
    """Ten that pass and ten that fail, submitted together, each end as what they are."""
    scripts = [QUICK, QUICK.replace("{}", "{ throw new Error('no'); }")] * 10
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        ids = list(pool.map(lambda script: submit(api, script), scripts))
        ended = list(pool.map(lambda run_id: wait(api, run_id, seconds=180)["status"], ids))

    assert ["passed", "failed"] * 10 == ended


def test_a_run_survives_the_death_of_its_worker(stack: Stack, api: httpx.Client) -> None:
    """After kill -9 of every worker in mid-run the message comes back when the lease ends, and the run ends once, right."""
    run_id = submit(api, SLOW)
    follow(api, run_id, until="console")
    workers = stack.aws.dispatcher.pids()["run_test"]
    assert workers
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    run = wait(api, run_id)
    told = follow(api, run_id)

    assert ("passed", 2) == (run["status"], run["tests"][0]["attempts"])
    assert 1 == len([data for _, kind, data in told if kind == "run" and data["status"] in TERMINAL])


def test_a_message_that_comes_twice_changes_nothing(stack: Stack, api: httpx.Client) -> None:
    """Twice at once, and again after the end: one execution, one verdict, the same events."""
    run_id = submit(api, SLOW)
    follow(api, run_id, until="console")
    send_again(stack, run_id, SLOW)
    told = follow(api, run_id)
    run = wait(api, run_id)
    send_again(stack, run_id, SLOW)
    time.sleep(3)

    assert ("passed", 1) == (run["status"], run["tests"][0]["attempts"])
    assert told == follow(api, run_id)
    assert run == api.get(f"/api/runs/{run_id}").json()


def send_again(stack: Stack, run_id: str, script: str) -> None:
    """Put an order of the run on the queue once more, as SQS may."""
    order = TestOrder.model_validate(
        {
            "workspace_id": workspace_of(stack, run_id), "run_id": run_id, "test_id": run_id, "title": "Playground", "language": "typescript",
            "module": False, "script": script, "timeout_seconds": 60, "retries": 0,
        }
    )  # fmt: skip
    sqs = stack.aws.session.client("sqs", endpoint_url=stack.aws.endpoint)
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if url.endswith("test-execution")]
    sqs.send_message(QueueUrl=url, MessageBody=order.model_dump_json(exclude_none=True))


def workspace_of(stack: Stack, run_id: str) -> str:
    assert stack.postgres is not None
    with psycopg.connect(stack.postgres.conninfo) as connection:
        row = connection.execute("SELECT workspace_id FROM runs WHERE id = %s", [run_id]).fetchone()
    assert row is not None
    return str(row[0])


def test_a_run_outlives_the_databases_absence(stack: Stack, api: httpx.Client) -> None:
    """With Postgres killed in mid-run, the run goes on, and its verdict is stored when Postgres is back."""
    assert stack.postgres is not None
    run_id = submit(api, SLOW)
    follow(api, run_id, until="console")
    stack.postgres.stop()
    time.sleep(5)  # the watch starts it again
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and api.get("/api/health").status_code != 200:
        time.sleep(0.2)
    run = wait(api, run_id)

    assert "passed" == run["status"]
    assert ("end", "passed") == (follow(api, run_id)[-1][1], follow(api, run_id)[-1][2]["status"])


def test_bad_scripts_are_refused_with_line_and_column(api: httpx.Client) -> None:
    """A syntax error is a 422 that says where, before anything is stored or queued."""
    before = api.get("/api/runs").json()["items"][0]["id"]
    answer = api.post("/api/test", json={"script": "const a = 1;\nconst = 2;\n"})
    problem = answer.json()

    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (2, 7) == (problem["line"], problem["column"]), json.dumps(problem)
    assert before == api.get("/api/runs").json()["items"][0]["id"]
