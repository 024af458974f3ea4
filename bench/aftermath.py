"""What must be true of a run after everything that could break was broken, and what must not be there any more."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse

#: The job's tests: title, what becomes of it when nothing of ours breaks, script.
TESTS = (
    ("passes", "passed", "test('passes', async () => { console.log('so far'); });"),
    ("fails", "failed", "test('fails', async () => { expect(1).toBe(2); });"),
    ("is flaky", "flaky", "test('is flaky', async ({}, info) => { expect(info.retry).toBe(1); });"),
    ("takes a while", "passed", "test('takes a while', async () => { await new Promise(r => setTimeout(r, 1500)); });"),
    (
        "has a browser",
        "passed",
        "test('has a browser', async ({ page }) => { await page.setContent('<h1>here</h1>'); await expect(page.getByRole('heading')).toHaveText('here'); });",
    ),
)
TERMINAL = {"passed", "failed", "error", "timed_out", "cancelled"}
#: What an infrastructure that is broken three times in a row may say of a test, instead of its own result.
GIVEN_UP = {("error", "worker_lost")}


def faults_of(api: httpx.Client, run: Mapping[str, Any], statuses: Counter[str]) -> Iterator[str]:
    """Say what is wrong with a run that has ended."""
    found = [(test["title"], test["status"], test.get("reason")) for test in run["tests"]]
    statuses.update(status for _, status, _ in found)
    for (title, status, reason), (wanted_title, wanted, _) in zip(found, TESTS, strict=True):
        if title != wanted_title or (status != wanted and (status, reason) not in GIVEN_UP):
            yield f"{title} is {status} ({reason}), not {wanted}"
    yield from _faults_of_events(_events(api, run["links"]["events"]), run)
    results = api.get(f"{run['links'].get('report', '')}results.json")
    titles = [suite["title"] for suite in results.json()["suites"]] if results.is_success else []
    if len(titles) != len(TESTS):
        yield f"its report has {len(titles)} tests: {titles}"


def _faults_of_events(events: list[tuple[int, str, Any]], run: Mapping[str, Any]) -> Iterator[str]:
    if [number for number, _, _ in events] != list(range(1, len(events) + 1)):
        yield "its events have holes"
    said = Counter(name for _, name, _ in events)
    if (said["end"], said["report"]) != (1, 1) or not events or events[-1][1] != "end":
        yield f"its events end wrongly: {said}"
    verdicts = [data["status"] for _, name, data in events if name == "run" and data["status"] in TERMINAL]
    if verdicts != [run["status"]]:
        yield f"its verdicts are {verdicts}"
    ends = [
        (number, data)
        for number, name, data in events
        if name == "test" and "caseId" not in data and data["status"] not in {"queued", "running"}
    ]
    told = Counter((data["testId"], data["status"]) for _, data in ends)
    if told != Counter((test["id"], test["status"]) for test in run["tests"]):
        yield f"its tests' ends are {ends}"


def _events(api: httpx.Client, path: str) -> list[tuple[int, str, Any]]:
    with connect_sse(api, "GET", path) as source:
        return [(int(event.id), event.event, event.json()) for event in source.iter_sse() if event.data]


def children(pid: int) -> list[int]:
    """Give the processes that it started and that live; of zombies nothing is left but their names."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            text = status.read_text()
            if f"\nPPid:\t{pid}\n" in text and "\nState:\tZ" not in text:
                found.append(int(status.parent.name))
    return found


def family() -> set[str]:
    """Give the pid and the command of all that descends from this process."""
    return {f"{pid} {_command(pid)}" for pid in descendants(os.getpid())}


def descendants(pid: int) -> list[int]:
    """Give all that descends from it."""
    return [member for child in children(pid) for member in (child, *descendants(child))]


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:200]
    return ""
