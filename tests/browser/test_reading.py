"""What a person sees in a browser: the report below its prefix, the trace viewer in it, live events by EventSource."""

import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack

SCRIPT = """
import { test, expect } from '@playwright/test';

test('greets', async ({ page }) => {
  await page.setContent('<h1>Good evening</h1><button onclick="this.textContent=`bowed`">bow</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('bowed');
});
"""
#: Collects what an EventSource hears; resolves when it hears the end.
LISTEN = """
([url, after]) => new Promise((resolve, reject) => {
  const heard = [];
  const source = new EventSource(url);
  for (const type of ['run', 'test', 'step', 'console', 'report', 'end'])
    source.addEventListener(type, event => {
      heard.push([Number(event.lastEventId), type, JSON.parse(event.data)]);
      if (type === (after || 'end')) { source.close(); resolve(heard); }
    });
  setTimeout(() => reject(new Error('only heard ' + JSON.stringify(heard))), 60000);
})
"""


@pytest.fixture(scope="module")
def run_id(api: httpx.Client) -> str:
    answer = api.post("/api/test", json={"script": SCRIPT, "title": "Greeting"})
    assert 202 == answer.status_code
    return str(answer.json()["testId"])


@pytest.fixture(scope="module")
def ticket(api: httpx.Client, run_id: str) -> dict[str, Any]:
    answer = api.post(f"/api/runs/{run_id}/tickets")
    assert 201 == answer.status_code
    told: dict[str, Any] = answer.json()
    return told


def test_an_event_source_hears_a_run_from_queued_to_end(stack: Stack, ticket: dict[str, Any], page: Page) -> None:
    """With nothing but a ticket in the address, a browser's own EventSource hears every event, in order, once."""
    page.goto(f"{stack.url}/api/health")
    heard = page.evaluate(LISTEN, [stack.url + ticket["events"], ""])

    assert list(range(1, len(heard) + 1)) == [number for number, _, _ in heard]
    outline = [
        kind if kind in {"report", "end"} else data["status"]
        for _, kind, data in heard
        if kind in {"run", "report", "end"}
    ]
    assert ["queued", "running", "passed", "report", "end"] == outline


def test_an_event_source_that_comes_after_the_end_hears_the_whole_story(
    stack: Stack, ticket: dict[str, Any], page: Page
) -> None:
    """A late listener gets the same events, and is then told to stay away, so that it does not ask for ever."""
    page.goto(f"{stack.url}/api/health")
    first = page.evaluate(LISTEN, [stack.url + ticket["events"], ""])
    again = page.evaluate(LISTEN, [stack.url + ticket["events"], ""])

    assert json.dumps(first) == json.dumps(again)


def test_the_report_opens_by_its_link_and_its_trace_shows_the_page(
    stack: Stack, ticket: dict[str, Any], page: Page
) -> None:
    """The link leads to the reports' own origin; the trace viewer there shows the page as it was at a step."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )
    page.goto(stack.url + ticket["report"])
    assert f"{stack.report_url}/reports/{ticket['ticket']}/" == page.url.split("#")[0]
    page.get_by_text("greets").first.click()
    expect(page.get_by_text("Screenshots", exact=False).first).to_be_visible()
    page.locator('a[href*="trace/index.html"]').first.click()
    page.get_by_role("treeitem").filter(has_text="Click").first.click()
    snapshot = page.frame_locator("iframe.snapshot-visible")
    expect(snapshot.get_by_role("heading", name="Good evening")).to_be_visible(timeout=20_000)

    assert [] == problems


def test_without_a_ticket_a_browser_is_told_how_to_get_one(stack: Stack, run_id: str, page: Page) -> None:
    """No key, no report: a page that says what to do, and nothing of the run's."""
    answer = page.goto(f"{stack.url}/api/test-results/tests/{run_id}/report/")

    assert answer is not None
    assert 401 == answer.status
    expect(page.get_by_text(f"matinee open {run_id}")).to_be_visible()
    assert "Greeting" not in page.content()


def test_a_ticket_opens_its_own_run_only(
    stack: Stack, api: httpx.Client, ticket: dict[str, Any], run_id: str, page: Page
) -> None:
    """Where its report is there is nothing else; and it leaves nothing behind that would open anything to the next request."""
    other = api.post("/api/test", json={"script": SCRIPT}).json()["testId"]
    page.goto(stack.url + ticket["report"])
    assert [] == page.context.cookies()

    asked = "urls => Promise.all(urls.map(url => fetch(url).then(answer => answer.status)))"
    assert [200, 404, 404] == page.evaluate(asked, ["./", "/api/runs", f"/api/test-results/tests/{run_id}/report/"])
    page.goto(f"{stack.url}/api/health")
    assert [401, 401, 401] == page.evaluate(
        asked,
        [
            f"/api/test-results/tests/{run_id}/report/",
            f"/api/test-results/tests/{other}/report/?ticket={ticket['ticket']}",
            f"/api/runs/{other}/console",
        ],
    )
