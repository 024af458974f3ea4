"""The report of a whole job in a browser: its tests in their order, and all that they left."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse
from playwright.sync_api import Browser, Page, expect

from local.stack import Stack

HEAD = "import { test, expect } from '@playwright/test';\n"
#: in the job's order, which is neither the alphabet's nor the failures'
SCRIPTS = {
    "Welcome": HEAD + """test('greets', async ({ page }, info) => {
  await page.setContent('<h1>Good evening</h1><button onclick="this.textContent=`bowed`">bow</button>');
  await page.getByRole('button').click();
  await info.attach('note', { body: 'said in passing', contentType: 'text/plain' });
});""",
    "Box office": HEAD + """test('sells', async ({ page }) => {
  await page.setContent('<h1>Total 12</h1>');
  await expect(page.getByRole('heading')).toHaveText('Total 13', { timeout: 300 });
});""",
    "Curtain": HEAD + """test('rises at the second try', async ({ page }, info) => {
  await page.setContent(`<h1>Try ${info.retry}</h1>`);
  expect(info.retry).toBe(1);
});""",
    "Aside": HEAD + "test('is spoken', () => {});\ntest('is left out', () => { test.skip(true, 'not on Tuesdays'); });",
    "Epilogue": HEAD + """test('never ends', async ({ page }) => {
  test.setTimeout(3_000);
  await page.waitForTimeout(60_000);
});""",
    "Trapdoor": HEAD + "test('falls', () => { process.kill(process.ppid, 'SIGKILL'); });",
}  # fmt: skip
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture(scope="module")
def run_id(api: httpx.Client) -> str:
    """A job's run that has ended, its report there."""
    tests = [
        api.post("/api/tests", json={"title": title, "script": script}).raise_for_status().json()["id"]
        for title, script in SCRIPTS.items()
    ]
    settings = {"name": "Evening", "parallelism": 2, "retries": 1, "timeoutSeconds": 90}
    job_id = api.post("/api/jobs", json={**settings, "tests": tests}).raise_for_status().json()["id"]
    accepted = api.post("/api/jobs/run", json={"jobId": job_id}).raise_for_status().json()
    with connect_sse(api, "GET", accepted["links"]["events"], timeout=240) as source:
        for event in source.iter_sse():
            if event.event == "end":
                return str(accepted["runId"])
    raise AssertionError("the stream ended without an end")


@pytest.fixture(params=WIDTHS)
def report(
    request: pytest.FixtureRequest, browser: Browser, stack: Stack, api: httpx.Client, run_id: str
) -> Iterator[Page]:
    """The report, opened by its link; whatever the browser asks for is there."""
    context = browser.new_context(viewport={"width": WIDTHS[request.param], "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "response", lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )
    page.goto(stack.url + api.post(f"/api/runs/{run_id}/tickets").json()["report"])
    yield page
    context.close()
    assert [] == problems


def show(page: Page, title: str) -> None:
    page.locator(".test-file-title", has_text=title).first.click()


def test_the_jobs_tests_stand_in_their_order(report: Page) -> None:
    """Under the job's name, each under its own title, with what it came to."""
    expect(report.get_by_text("Evening")).to_be_visible()
    headers = report.locator(".chip-header")
    expect(headers).to_have_count(len(SCRIPTS))

    assert list(SCRIPTS) == [text.strip() for text in headers.all_inner_texts()]
    counts = {
        name: report.locator(f".subnav-item:has-text('{name}') .counter").inner_text()
        for name in ("Passed", "Failed", "Flaky", "Skipped")
    }
    assert {"Passed": "2", "Failed": "3", "Flaky": "1", "Skipped": "1"} == counts
    assert report.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_failure_shows_its_line_its_pictures_and_its_trace(report: Page) -> None:
    """The script's own lines, the page as it was, a video, and the trace viewer with the page's DOM in it."""
    show(report, "sells")
    expect(report.get_by_text("> 4 |").first).to_be_visible()
    expect(report.get_by_text("Box office:2").first).to_be_visible()
    picture = report.locator("img.screenshot").first
    picture.scroll_into_view_if_needed()
    report.wait_for_function("document.querySelector('img.screenshot').naturalWidth > 0")
    report.locator('a[href*="trace/index.html"]').first.click()
    report.get_by_role("treeitem").filter(has_text="Set content").first.click()
    snapshot = report.frame_locator("iframe.snapshot-visible")
    expect(snapshot.get_by_role("heading", name="Total 12")).to_be_visible(timeout=20_000)


def test_every_attachment_opens(report: Page, api: httpx.Client, run_id: str) -> None:
    """Traces, screenshots, videos and texts of every test are where their links lead."""
    results: dict[str, Any] = api.get(f"/api/test-results/jobs/{run_id}/report/results.json").raise_for_status().json()
    specs = [spec for suite in results["suites"] for spec in suite["specs"]]
    paths = [
        attachment["path"]
        for spec in specs
        for attempt in spec["tests"][0]["results"]
        for attachment in attempt["attachments"]
        if "path" in attachment
    ]

    answers = report.evaluate(
        "paths => Promise.all(paths.map(path => fetch(path).then(answer => [answer.status, answer.headers.get('content-type')])))",
        paths,
    )

    assert {200} == {status for status, _ in answers}
    assert {"application/zip", "image/png"} <= {media_type for _, media_type in answers}


def test_a_retried_test_shows_both_attempts(report: Page) -> None:
    show(report, "rises at the second try")

    expect(report.get_by_role("tab", name="Run")).to_be_visible()
    expect(report.get_by_role("tab", name="Retry #1")).to_be_visible()


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("never ends", "Test timeout of 3000ms exceeded."),
        ("falls", "The script ended its own runner"),
    ],
)
def test_a_test_that_was_stopped_or_lost_says_what_became_of_it(report: Page, title: str, says: str) -> None:
    """Nobody else could tell: its runner was killed."""
    show(report, title)

    expect(report.get_by_text(says).first).to_be_visible()


def test_what_was_left_out_says_why(report: Page) -> None:
    report.get_by_role("link", name="Skipped").click()
    show(report, "is left out")

    expect(report.get_by_text("not on Tuesdays")).to_be_visible()
