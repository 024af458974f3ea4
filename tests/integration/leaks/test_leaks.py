"""The leak hunt: a run shows its secrets in every way that it can; none of them is anywhere afterwards, but encrypted."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from local.stack import Stack
from tests.integration.leaks.hunt import everything, hits, unpacked

SCRIPT = Path(__file__).with_name("shows.spec.ts").read_text()
SECRETS = {
    "HUSH": "pa$$ w\"ord/ü+'<&>\\😀=?z",
    "LONG": "sk_live_" + "9aZ7bY5cX3dW1eV0" * 5,
    "PEM": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj/+AgEAAoIB\nQQDq==\n-----END KEY-----",
}
PLAIN = "plainly-to-be-seen-4711"
VARIABLES = {**SECRETS, "PLAIN": PLAIN}


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=120) as client:
        yield client


def follow(api: httpx.Client, links: dict[str, str]) -> str:
    """Read all of a run's events as they come, to their end."""
    told = []
    with connect_sse(api, "GET", links["events"], timeout=240) as source:
        for event in source.iter_sse():
            told.append(f"{event.event} {event.data}")
            if event.event == "end":
                break
    return "\n".join(told)


def answers(api: httpx.Client, run_id: str) -> Iterator[tuple[str, bytes]]:
    """Give all that the API has to say of a run, and its report with all files."""
    run = api.get(f"/api/runs/{run_id}").raise_for_status()
    yield "run", run.content
    links = run.json()["links"]
    for name in ("console", "junit", "results", "report"):
        yield from unpacked(name, api.get(links[name]).raise_for_status().content)
    results = api.get(links["results"]).json()
    for path in sorted(_paths(results)):
        yield from unpacked(path, api.get(links["report"] + path).raise_for_status().content)
    for path in (
        "/api/runs",
        "/api/variables",
        "/api/audit",
        "/api/statistics",
        f"/api/jobs/{run.json().get('jobId')}/variables",
    ):
        yield path, api.get(path).content


def _paths(value: Any) -> Iterator[str]:
    match value:
        case {"path": str(path)}:
            yield path
        case dict():
            for member in value.values():
                yield from _paths(member)
        case list():
            for member in value:
                yield from _paths(member)


def as_test(api: httpx.Client) -> dict[str, Any]:
    """One script, with the secrets of the workspace."""
    for name, value in VARIABLES.items():
        answer = api.put(f"/api/variables/{name}", json={"value": value, "secret": name in SECRETS})
        assert 200 == answer.status_code, answer.text
    accepted = api.post("/api/test", json={"script": SCRIPT, "timeoutSeconds": 200}).raise_for_status().json()
    for name in VARIABLES:
        api.delete(f"/api/variables/{name}").raise_for_status()
    return {"run": accepted["testId"], **accepted}


def as_job(api: httpx.Client) -> dict[str, Any]:
    """The same as tests of a job, with the job's own."""
    tests = [
        api.post("/api/tests", json={"title": title, "script": SCRIPT}).raise_for_status().json()["id"]
        for title in ("One", "Two")
    ]
    job = {"name": f"leaks {time.time_ns()}", "tests": tests, "timeoutSeconds": 200, "parallelism": 1}
    job_id = api.post("/api/jobs", json=job).raise_for_status().json()["id"]
    for name, value in VARIABLES.items():
        saved = {"value": value, "secret": name in SECRETS}
        api.put(f"/api/jobs/{job_id}/variables/{name}", json=saved).raise_for_status()
    accepted = api.post("/api/jobs/run", json={"jobId": job_id}).raise_for_status().json()
    return {"run": accepted["runId"], **accepted}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("begin", [as_test, as_job])
def test_no_byte_anywhere_has_a_secret_in_any_form(
    stack: Stack, api: httpx.Client, begin: Callable[[httpx.Client], dict[str, Any]]
) -> None:
    """Events, answers, report, traces, HAR, attachments, Postgres with its log and its files, DynamoDB, SQS, S3, logs, temporary files.

    The same hunt finds a plain variable's value in all of those that show what a script does: it can find.
    """
    begun = begin(api)
    events = follow(api, begun["links"])
    told = [("events", events.encode()), *answers(api, begun["run"])]
    there = [*told, *everything(stack)]

    found = {name: hits(iter(there), secret) for name, secret in SECRETS.items()}
    plain = hits(iter(there), PLAIN)

    assert {name: {} for name in SECRETS} == {name: dict(list(where.items())[:20]) for name, where in found.items()}
    assert "failed" == api.get(f"/api/runs/{begun['run']}").json()["status"]
    assert {"events", "run", "console", "junit", "results"} <= plain.keys()
    kinds = {
        "the report": any(place.startswith("report#") for place in plain),
        "a trace": any(".trace" in place for place in plain),
        "its requests": any(".network" in place for place in plain),
        "a table": any(place.startswith("table run_tests") for place in plain),
        "its files": any("/postgres/" in place for place in plain),
        "an item": any(place.startswith("item ") for place in plain),
        "the bucket": any("/aws/s3/" in place for place in plain),
        "gzip": any("#gunzipped" in place for place in plain),
    }
    assert dict.fromkeys(kinds, True) == kinds
    assert not [place for place in plain if "/logs/" in place]  # not even that is ever logged
    assert any(b"It was withheld: this run has secrets" in data for _, data in there)
