"""What the deployed tests do with a deployment: ask, wait, sweep, and keep a function from its events."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

HEAD = "import { test, expect } from '@playwright/test';\n"
PASSING = (
    HEAD
    + """test('greets', async ({ page }) => {
  await page.setContent('<h1>Good evening</h1>');
  await expect(page.getByRole('heading')).toHaveText('Good evening');
  console.log('bowed');
});
"""
)
FAILING = (
    HEAD
    + """test('asks for more', async ({ page }) => {
  await page.setContent('<h1>Less</h1>');
  await expect(page.getByRole('heading')).toHaveText('More', { timeout: 300 });
});
"""
)
ENDLESS = (
    HEAD
    + """test('waits', async ({ page }) => {
  test.setTimeout(600_000);
  console.log('waiting');
  await page.waitForTimeout(500_000);
});
"""
)
ENDED = {"passed", "failed", "error", "timed_out", "cancelled"}


def sweep(cloud: Any) -> Any:
    """Sweep as after a start: every store, every queue of the dead, and Scheduler."""
    asked = json.dumps({"everything": True}).encode()
    answer = cloud.client("lambda").invoke(FunctionName="matinee-sweep", Payload=asked)
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


@contextmanager
def paused(cloud: Any, function: str) -> Iterator[None]:
    """Let the function get no events meanwhile."""
    client = cloud.client("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def ok(answer: httpx.Response) -> Any:
    """Give what the answer says, which is no error."""
    assert answer.is_success, answer.text
    return answer.json()


def ended(api: httpx.Client, run: str) -> Any:
    """Wait for the run at that path to end; give it."""
    return until(lambda: (found := ok(api.get(run)))["status"] in ENDED and found)


def until(true: Callable[[], Any], *, seconds: float = 120) -> Any:
    """Wait until it gives something true; give that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} s")
