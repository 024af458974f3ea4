"""A job's whole road, on the embedded stack with nothing faked: saved tests, plan, workers, fan-in, verdict, combined report."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from httpx_sse import connect_sse

from local.aws import EmbeddedAws
from local.stack import Stack, temporary

SCRIPTS = Path(__file__).with_name("scripts")
TERMINAL = {"passed", "failed", "error", "timed_out", "cancelled"}
HEAD = "import { test, expect } from '@playwright/test';\n"
PASSES = HEAD + "test('adds', async () => { expect(1 + 1).toBe(2); });"
FAILS = HEAD + "test('subtracts', async () => { expect(2 - 1).toBe(2); });"
SLOW = HEAD + "test('waits', async ({ page }) => { console.log('begun'); await page.waitForTimeout(60_000); });"
LATE = HEAD + "test('is late', async ({ page }) => { await page.waitForTimeout(60_000); });"
SKIPS = HEAD + "test.skip('is left out', async () => {});"

Events = list[tuple[int, str, dict[str, Any]]]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATINEE_MEMORY_MB", "1024")
        with temporary() as stack:
            yield stack


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as client:
        yield client


def make_job(api: httpx.Client, scripts: dict[str, str], **more: Any) -> str:
    tests = [
        api.post("/api/tests", json={"title": title, "script": script}).raise_for_status().json()["id"]
        for title, script in scripts.items()
    ]
    job = {"name": f"job {time.time_ns()}", "tests": tests, **more}
    return str(api.post("/api/jobs", json=job).raise_for_status().json()["id"])


def start(api: httpx.Client, job_id: str) -> dict[str, Any]:
    answer = api.post("/api/jobs/run", json={"jobId": job_id})
    assert 202 == answer.status_code, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


def follow(
    api: httpx.Client, accepted: dict[str, Any], *, until: Callable[[str, dict[str, Any]], bool] = lambda *_: False
) -> Events:
    """The run's events, to its end or to the first that is looked for."""
    told: Events = []
    with connect_sse(api, "GET", accepted["links"]["events"], timeout=200) as source:
        for event in filter(lambda each: each.data, source.iter_sse()):  # not the heartbeats
            told.append((int(event.id), event.event, event.json()))
            if until(event.event, told[-1][2]):
                break
    return told


def whole(name: str, data: dict[str, Any]) -> bool:
    """Whether an event is about a test of the job as a whole."""
    return name == "test" and "caseId" not in data


@pytest.mark.timeout(600)
def test_each_test_of_a_mixed_job_keeps_its_own_truth(stack: Stack, api: httpx.Client) -> None:
    """In the API, the events, the report and JUnit alike; and the run's verdict follows from them by the written rule."""
    scripts = {
        "Passes": PASSES,
        "Fails": FAILS,
        "Is flaky": (SCRIPTS / "flaky.spec.ts").read_text(),
        "Is skipped": SKIPS,
        "Is late": LATE,
        "Cannot be loaded": (SCRIPTS / "missing-module.spec.ts").read_text(),
        "Crashes the browser": (SCRIPTS / "kills-browser.spec.ts").read_text(),
        "Eats memory": (SCRIPTS / "eats-heap.spec.ts").read_text(),
        "Loses its worker": SLOW,
    }
    wanted = {
        "Passes": ("passed", None),
        "Fails": ("failed", None),
        "Is flaky": ("flaky", None),
        "Is skipped": ("skipped", None),
        "Is late": ("timed_out", "test_timeout"),
        "Cannot be loaded": ("error", "script_invalid"),
        "Crashes the browser": ("error", "browser_crashed"),
        "Eats memory": ("error", "out_of_memory"),
        "Loses its worker": ("error", "worker_lost"),
    }
    # One at a time, so that the worker to kill is the only one at work; the late one gets its timeout from its own script.
    scripts["Is late"] = scripts["Is late"].replace("({ page }) => {", "({ page }) => { test.setTimeout(2_000);")
    job_id = make_job(api, scripts, retries=1, parallelism=1, timeoutSeconds=300)
    accepted = start(api, job_id)
    over = threading.Event()
    killer = threading.Thread(target=kill_the_worker_of, args=[stack, api, accepted, "Loses its worker", over])
    killer.start()
    try:
        events = follow(api, accepted)
    finally:
        over.set()
        killer.join()
    run = api.get(accepted["links"]["self"]).json()
    results = api.get(f"{run['links']['report']}results.json").json()
    junit = ET.fromstring(api.get(f"{run['links']['report']}junit.xml").text)
    ids = {test["id"]: test["title"] for test in run["tests"]}

    assert wanted == {test["title"]: (test["status"], test.get("reason")) for test in run["tests"]}
    assert {title: status for title, (status, _) in wanted.items()} == {
        ids[data["testId"]]: data["status"] for _, name, data in events if whole(name, data)
    }
    assert ("error", "end") == (run["status"], events[-1][1])
    assert {"total": 9, "passed": 1, "failed": 2, "flaky": 1, "skipped": 1, "error": 4} == run["counts"]
    assert list(wanted) == [suite["title"] for suite in results["suites"]]
    assert {
        "Passes": "expected", "Fails": "unexpected", "Is flaky": "flaky", "Is skipped": "skipped", "Is late": "unexpected",
        "Cannot be loaded": "unexpected", "Crashes the browser": "unexpected", "Eats memory": "unexpected",
        "Loses its worker": "unexpected",
    } == {suite["title"]: suite["specs"][0]["tests"][0]["status"] for suite in results["suites"]}  # fmt: skip
    assert list(wanted) == [suite.get("name") for suite in junit.iter("testsuite")]
    assert {"Fails", "Is late", "Cannot be loaded", "Crashes the browser", "Eats memory", "Loses its worker"} == {
        suite.get("name")
        for suite in junit.iter("testsuite")
        if any(case.find("failure") is not None or case.find("error") is not None for case in suite.iter("testcase"))
    }


def kill_the_worker_of(
    stack: Stack, api: httpx.Client, accepted: dict[str, Any], title: str, over: threading.Event
) -> None:
    """Kill -9 whoever runs the test of that title, as often as somebody does."""
    assert isinstance(stack.aws, EmbeddedAws)
    (test_id,) = [test["id"] for test in api.get(accepted["links"]["self"]).json()["tests"] if test["title"] == title]
    with connect_sse(api, "GET", accepted["links"]["events"], timeout=200) as source:
        for event in source.iter_sse():
            if over.is_set():
                return
            if event.event == "console" and event.json()["testId"] == test_id:
                for pid in stack.aws.dispatcher.pids()["run_test"]:
                    os.kill(pid, signal.SIGKILL)


def test_a_cancelled_job_stops_within_two_seconds_and_keeps_what_it_has(api: httpx.Client) -> None:
    """What runs is stopped, what waits never begins, what had ended stays, and the partial report has it all."""
    scripts = {"Passes": PASSES, **{f"Slow {number}": SLOW for number in range(6)}}
    accepted = start(api, make_job(api, scripts, parallelism=2))
    begun: set[str] = set()

    def both_run(name: str, data: dict[str, Any]) -> bool:
        begun.update([data["testId"]] if name == "console" else [])
        return len(begun) == 2

    follow(api, accepted, until=both_run)
    asked = time.time()
    api.post(f"{accepted['links']['self']}/cancel").raise_for_status()
    events = follow(api, accepted)
    run = api.get(accepted["links"]["self"]).json()
    results = api.get(f"{run['links']['report']}results.json").json()
    stopped = max(data["at"] for _, name, data in events if whole(name, data)) / 1000 - asked
    ran = [test for test in run["tests"] if test.get("startedAt")]

    assert "cancelled" == run["status"]
    assert stopped < 2.5
    assert ["passed", *["cancelled"] * 6] == [test["status"] for test in run["tests"]]
    assert 3 == len(ran)
    assert list(scripts) == [suite["title"] for suite in results["suites"]]


def test_after_so_many_failures_no_further_test_is_begun(api: httpx.Client) -> None:
    """Off by default; where it is set, the rest is skipped, and says why."""
    scripts = {"Fails": FAILS, "Fails, too": FAILS + "\n// too", **{f"Waits {n}": PASSES + f"// {n}" for n in range(4)}}
    accepted = start(api, make_job(api, scripts, parallelism=1, stopAfterFailures=2))
    follow(api, accepted)
    run = api.get(accepted["links"]["self"]).json()

    assert ("failed", 2, 4) == (run["status"], run["counts"]["failed"], run["counts"]["skipped"])
    assert {"stopped_early"} == {test["reason"] for test in run["tests"][2:]}


def test_a_run_ends_at_its_own_deadline(api: httpx.Client) -> None:
    """What runs then and what had not begun times out."""
    accepted = start(api, make_job(api, {"Slow": SLOW, "Slow, too": SLOW + "//"}, parallelism=1, runTimeoutSeconds=5))
    began = time.monotonic()
    follow(api, accepted)
    run = api.get(accepted["links"]["self"]).json()

    assert time.monotonic() - began < 20
    assert "timed_out" == run["status"]
    assert [("timed_out", "deadline")] * 2 == [(test["status"], test["reason"]) for test in run["tests"]]


def test_the_failed_ones_run_again_under_a_new_run(api: httpx.Client) -> None:
    """Same scripts, linked to the old run; what had passed is left alone."""
    accepted = start(api, make_job(api, {"Passes": PASSES, "Fails": FAILS}))
    follow(api, accepted)
    again = api.post(f"{accepted['links']['self']}/rerun", json={"only": "failed"}).raise_for_status().json()
    follow(api, again)
    run = api.get(again["links"]["self"]).json()

    assert accepted["runId"] == run["rerunOf"]
    assert [("Fails", "failed")] == [(test["title"], test["status"]) for test in run["tests"]]


def test_a_deleted_job_leaves_nothing_to_find(api: httpx.Client) -> None:
    """Its runs go with it, the one at work is stopped; deleted again, it says so."""
    job_id = make_job(api, {"Slow": SLOW})
    accepted = start(api, job_id)
    follow(api, accepted, until=lambda name, _: name == "console")

    first = api.delete(f"/api/jobs/{job_id}")
    again = api.delete(f"/api/jobs/{job_id}")

    assert (204, 404) == (first.status_code, again.status_code)
    assert "already deleted" in again.json()["detail"]
    assert 404 == api.get(accepted["links"]["self"]).status_code
