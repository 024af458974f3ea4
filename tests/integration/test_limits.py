"""Large jobs: nothing on the road breaks by its size."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from local.aws import EmbeddedAws
from local.stack import Stack, temporary

TRIVIAL = "import { test } from '@playwright/test';\ntest('is trivial', async () => {});\n"


@pytest.fixture(scope="module")
def big() -> Iterator[Stack]:
    """A stack of our own."""
    with temporary() as stack:
        yield stack


@pytest.fixture(scope="module")
def api(big: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {big.api_key}"}
    with httpx.Client(base_url=big.url, headers=headers, timeout=60) as client:
        yield client


def make_job(api: httpx.Client, count: int, *, parallelism: int) -> str:
    def save(number: int) -> str:
        body = {"title": f"test {number:04}", "script": f"{TRIVIAL}// {number}\n"}
        return str(api.post("/api/tests", json=body).raise_for_status().json()["id"])

    with ThreadPoolExecutor(4) as threads:
        tests = list(threads.map(save, range(count)))
    job = {"name": f"{count} tests", "tests": tests, "parallelism": parallelism}
    return str(api.post("/api/jobs", json=job).raise_for_status().json()["id"])


def follow(api: httpx.Client, path: str) -> list[tuple[int, str, dict[str, Any]]]:
    with connect_sse(api, "GET", path) as source:
        return [(int(event.id), event.event, event.json()) for event in source.iter_sse() if event.data]


def assert_complete(api: httpx.Client, job_id: str, count: int) -> None:
    """Run the job; all of it must have ended once, be told without a gap, and be in the report in the job's order."""
    accepted = api.post("/api/jobs/run", json={"jobId": job_id}).raise_for_status().json()
    events = follow(api, accepted["links"]["events"])
    run = api.get(accepted["links"]["self"]).json()
    results = api.get(f"{run['links']['report']}results.json").json()

    titles = [f"test {number:04}" for number in range(count)]
    ended = Counter(
        data["testId"]
        for _, name, data in events
        if name == "test" and data.get("caseId") is None and data["status"] == "passed"
    )
    assert ("passed", count) == (run["status"], run["counts"]["passed"])
    assert titles == [test["title"] for test in run["tests"]]
    assert list(range(1, len(events) + 1)) == [number for number, _, _ in events]
    assert Counter(test["id"] for test in run["tests"]) == ended
    assert [{"status": "passed"}] == [{"status": data["status"]} for _, name, data in events if name == "end"]
    assert count == len(results["suites"])
    assert count == results["stats"]["expected"]


@pytest.mark.timeout(600)
def test_a_hundred_real_tests_are_one_job(big: Stack, api: httpx.Client) -> None:
    """Each in Playwright's own runner."""
    assert big
    assert_complete(api, make_job(api, 100, parallelism=10), 100)


@pytest.mark.timeout(600)
def test_a_thousand_tests_are_planned_tracked_and_reported(big: Stack, api: httpx.Client) -> None:
    """With a runner that passes everything at once: what is around it holds a thousand tests in one run."""
    assert isinstance(big.aws, EmbeddedAws)
    real = big.aws.dispatcher._pools["run_test"].function
    big.aws.dispatcher.serve([replace(real, module="tests.integration.quick_runner")])

    assert_complete(api, make_job(api, 1000, parallelism=100), 1000)
