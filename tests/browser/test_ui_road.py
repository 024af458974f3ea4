"""The web UI from sign-in to report, as a person uses it: a real browser, the embedded stack, nothing faked."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from local.stack import Stack
from tests.browser.stage import HEAD, TESTS
from tests.browser.wire import Wire

PASSING = (
    HEAD
    + "test('greets', async ({ page }) => { await page.setContent('<h1>Good evening</h1>'); console.log('bowed'); });\n"
)
SLOW = (
    HEAD
    + """test('counts', async ({ page }) => {
  test.setTimeout(120_000);
  for (let number = 1; number <= 200; number += 1) {
    console.log(`count ${number}`);
    await page.waitForTimeout(200);
  }
});
"""
)
#: Workers start on a machine with little to spare.
PATIENCE_MS = 60_000


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def ui(context: BrowserContext, stack: Stack) -> Page:
    """The dashboard of somebody who is signed in; a page that breaks breaks its test."""
    page = context.new_page()
    page.on("pageerror", _break)
    page.goto(stack.sign_in_link())
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    return page


@pytest.fixture(scope="module")
def saved(api: httpx.Client) -> dict[str, str]:
    """Five saved tests, of which two do not simply pass."""
    made = {
        title: api.post("/api/tests", json={"title": title, "script": script, "tags": ["evening"]})
        for title, script in TESTS.items()
    }
    return {title: str(answer.raise_for_status().json()["id"]) for title, answer in made.items()}


def _break(error: Any) -> None:
    raise AssertionError(f"the page broke: {error}")


def write(page: Page, script: str) -> None:
    """Put a script into the editor, in the place of what is there."""
    page.locator(".monaco-editor .view-lines").first.click(timeout=PATIENCE_MS)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(script)


def toast(page: Page, words: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("alert").filter(has_text=words)


# -- the way in --------------------------------------------------------------------------------------------------------


def test_a_key_signs_in_and_a_wrong_one_is_told_why(context: BrowserContext, stack: Stack) -> None:
    """Whoever opens a page is sent to sign in, and from there to that page; the cookie is out of any script's reach."""
    page = context.new_page()
    page.goto(f"{stack.url}/runs?status=failed")
    page.get_by_label("API key").fill("mt_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This key does not open Matinee")
    page.get_by_label("API key").fill(stack.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Runs")).to_be_visible()
    (session,) = [each for each in context.cookies() if each.get("name") == "matinee_session"]

    assert page.url.endswith("/runs?status=failed")
    assert (True, "Strict", "") == (session.get("httpOnly"), session.get("sameSite"), page.evaluate("document.cookie"))


def test_a_link_signs_in_once(browser: Browser, ui: Page, stack: Stack) -> None:
    """The second browser that comes with it is told so; signing out ends the first one's session."""
    link = stack.sign_in_link()
    for greeting in ("Dashboard", "Sign in"):
        other = browser.new_context()
        page = other.new_page()
        page.goto(link)
        expect(page.get_by_role("heading", level=1, name=greeting)).to_be_visible()
        if greeting == "Sign in":
            expect(page.get_by_role("alert")).to_contain_text("was used, or has expired")
        other.close()

    ui.get_by_role("button", name="Account").click()
    ui.get_by_role("menuitem", name="Sign out", exact=True).click()
    expect(ui.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    ui.goto(f"{stack.url}/keys")
    expect(ui.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


# -- the playground ----------------------------------------------------------------------------------------------------


def test_a_script_is_written_run_watched_and_read(ui: Page, stack: Stack) -> None:
    """Ctrl+Enter; the toast stays while it runs and becomes the verdict; the report opens in place; the test is saved."""
    ui.goto(f"{stack.url}/playground")
    write(ui, PASSING)
    ui.keyboard.press("ControlOrMeta+Enter")
    expect(toast(ui, "Watch it")).to_be_visible()
    panel = ui.get_by_role("region", name="The run")
    expect(panel.get_by_text("Passed").first).to_be_visible(timeout=PATIENCE_MS)
    verdict = toast(ui, "Passed: ")
    expect(verdict.get_by_role("link", name="View run report")).to_be_visible()
    expect(toast(ui, "Watch it")).to_have_count(0)
    report = panel.frame_locator("iframe[title=Report]")
    expect(report.get_by_text("greets").first).to_be_visible(timeout=PATIENCE_MS)
    panel.get_by_role("tab", name="Console").click()
    expect(panel.get_by_role("log")).to_contain_text("bowed")

    with ui.context.expect_page() as opened:
        panel.get_by_role("link", name="Open in a new tab").click()
    expect(opened.value.get_by_text("greets").first).to_be_visible()

    panel.get_by_role("button", name="Save as test").click()
    dialog = ui.get_by_role("dialog", name="Save as test")
    dialog.get_by_label("Title").fill("Greeting")
    dialog.get_by_role("button", name="Save", exact=True).click()
    toast(ui, "Saved: Greeting").get_by_role("link", name="Open the test").click()
    expect(ui.get_by_role("heading", level=1)).to_contain_text("Greeting")
    expect(ui.locator(".monaco-editor .view-lines").first).to_contain_text("Good evening", timeout=PATIENCE_MS)


def test_a_failing_script_says_why_and_its_run_page_has_the_trace(ui: Page, stack: Stack, api: httpx.Client) -> None:
    """In the panel, in the report, and on the page that anybody can be sent to. A run of a person's is one by hand."""
    ui.goto(f"{stack.url}/playground")
    write(ui, TESTS["Box office"])
    ui.get_by_role("button", name="Run", exact=True).click()
    panel = ui.get_by_role("region", name="The run")
    expect(panel.get_by_text("Failed").first).to_be_visible(timeout=PATIENCE_MS)
    expect(panel.frame_locator("iframe[title=Report]").get_by_text("sells a ticket").first).to_be_visible(
        timeout=PATIENCE_MS
    )
    panel.get_by_role("link", name="Run page").click()
    ui.wait_for_url("**/runs/*")  # the panel has a report and tabs of the same names
    expect(ui.frame_locator("iframe[title=Report]").get_by_text("sells a ticket").first).to_be_visible()
    ui.get_by_role("tab", name="Steps").click()
    expect(ui.get_by_label(re.compile("^Message")).first).to_contain_text("Total 13")
    with ui.context.expect_page() as opened:
        ui.get_by_role("link", name="Open the trace").click()
    expect(opened.value.get_by_text("sells a ticket").first).to_be_visible(timeout=PATIENCE_MS)

    run = api.get(f"/api/runs/{ui.url.split('/runs/')[1].split('?')[0]}").json()
    assert ("failed", "manual") == (run["status"], run["trigger"])


def test_a_syntax_error_is_marked_where_it_is(ui: Page, stack: Stack) -> None:
    """With what is wrong; the mark goes when the script is changed."""
    ui.goto(f"{stack.url}/playground")
    write(ui, HEAD + "test('broken', async () => {\n  const = 1;\n});\n")
    ui.keyboard.press("ControlOrMeta+Enter")
    expect(ui.get_by_role("main").get_by_role("alert")).to_contain_text("cannot be run as it is")
    expect(ui.locator(".squiggly-error").first).to_be_visible()
    write(ui, PASSING)
    expect(ui.get_by_role("main").get_by_role("alert")).to_have_count(0)


def test_the_editor_knows_playwright_without_a_network(ui: Page, stack: Stack) -> None:
    """Completion of `page.getByR...`, from types that the page itself brought."""
    ui.goto(f"{stack.url}/playground")
    write(ui, HEAD + "test('asks', async ({ page }) => {\n  await page.getByR")
    suggestion = ui.locator(".suggest-widget").get_by_text("getByRole")
    for _ in range(20):  # its types are still being read
        ui.keyboard.press("Control+Space")
        try:
            expect(suggestion.first).to_be_visible(timeout=3_000)
            break
        except AssertionError:
            ui.keyboard.press("Escape")
    expect(suggestion.first).to_be_visible()


@pytest.fixture
def wire(stack: Stack) -> Iterator[Wire]:
    wire = Wire(int(stack.url.rpartition(":")[2]))
    yield wire
    wire.close()


def test_a_run_outlives_a_reload_and_a_cut_and_is_cancelled(ui: Page, wire: Wire) -> None:
    """After a reload the panel is whole again; after 5 s without a network no line is missing and none is there twice."""
    ui.goto(f"{wire.url}/playground")
    write(ui, SLOW)
    ui.keyboard.press("ControlOrMeta+Enter")
    panel = ui.get_by_role("region", name="The run")
    panel.get_by_role("tab", name="Console").click()
    log = panel.get_by_role("log")
    expect(log).to_contain_text("count 3", timeout=PATIENCE_MS)
    ui.reload()
    panel.get_by_role("tab", name="Console").click(timeout=PATIENCE_MS)
    expect(log).to_contain_text(re.compile(r"count (9|\d\d)"), timeout=PATIENCE_MS)
    expect(ui.locator(".monaco-editor .view-lines").first).to_contain_text("count", timeout=PATIENCE_MS)
    expect(toast(ui, "Watch it")).to_be_visible()

    wire.cut()
    expect(panel.get_by_text("reconnecting…")).to_be_visible()
    expect(toast(ui, "Reconnecting…")).to_be_visible()
    ui.wait_for_timeout(5_000)
    wire.mend()
    expect(panel.get_by_text("reconnecting…")).to_have_count(0)
    ui.wait_for_timeout(1_000)
    panel.get_by_role("button", name="Cancel").click()
    expect(panel.get_by_text("Cancelled").first).to_be_visible(timeout=PATIENCE_MS)
    expect(toast(ui, "Cancelled: ")).to_be_visible()
    panel.get_by_role("tab", name="Console").click()
    log.evaluate("element => element.scrollTo({ top: 0 })")
    expect(log).to_contain_text("count 1")
    seen = [int(number) for number in re.findall(r"count (\d+)", log.inner_text())]

    assert list(range(1, len(seen) + 1)) == seen
    assert len(seen) > 15


# -- jobs --------------------------------------------------------------------------------------------------------------


def test_a_job_is_made_run_watched_and_repeated(
    ui: Page, stack: Stack, saved: dict[str, str], api: httpx.Client
) -> None:
    """Five tests: live progress, the list, the timeline, the report, and what failed once more."""
    ui.goto(f"{stack.url}/jobs/new?tests={','.join(saved.values())}")
    ui.get_by_label("Name").fill("Evening")
    ui.get_by_role("button", name=re.compile("^(Save|Create)")).first.click()
    expect(ui.get_by_role("heading", level=1)).to_contain_text("Evening")
    job = ui.url.rsplit("/", 1)[1].split("?")[0]
    ui.get_by_role("button", name=re.compile("^Run")).first.click()
    toast(ui, "Evening").get_by_role("link", name="Watch it").click()
    expect(ui.get_by_role("heading", level=1)).to_contain_text("Evening")
    expect(ui.get_by_role("list", name="Tests", exact=True).get_by_role("listitem")).to_have_count(5)
    expect(ui.get_by_text(re.compile(r"[1-4] of 5 ended"))).to_be_visible(timeout=PATIENCE_MS)
    expect(ui.get_by_role("heading", level=1)).to_contain_text("Failed", timeout=PATIENCE_MS)
    expect(toast(ui, "Failed: Evening").get_by_role("link", name="View run report")).to_be_visible()

    ui.get_by_text(re.compile("^Failed 2$")).click()
    ui.get_by_role("list", name="Tests", exact=True).get_by_role("button", name=re.compile("Box office")).click()
    details = ui.get_by_role("region", name="The test that is picked")
    expect(details.get_by_label(re.compile("^Message")).first).to_contain_text("Total 13")
    ui.get_by_role("tab", name="Timeline").click()
    bars = ui.get_by_role("group", name="Tests over time").get_by_role("button")
    expect(bars).to_have_count(5)
    ui.get_by_role("tab", name="Report").click()
    expect(ui.frame_locator("iframe[title=Report]").get_by_text("Box office").first).to_be_visible(timeout=PATIENCE_MS)

    first = ui.url
    ui.get_by_role("button", name="Re-run failed").click()
    expect(ui).not_to_have_url(first)
    expect(ui.get_by_text("repeats an earlier run")).to_be_visible()
    expect(ui.get_by_role("list", name="Tests", exact=True).get_by_role("listitem")).to_have_count(2)
    expect(ui.get_by_role("heading", level=1)).to_contain_text("Failed", timeout=PATIENCE_MS)

    assert 2 == api.get("/api/runs", params={"jobId": job}).json()["items"][0]["counts"]["total"]


def test_a_job_is_scheduled_and_deleted(ui: Page, stack: Stack, saved: dict[str, str], api: httpx.Client) -> None:
    """The next times show while the schedule is built, and on the dashboard; who comes too late to delete is told so kindly."""
    made = api.post("/api/jobs", json={"name": "Matinees", "tests": list(saved.values())}).raise_for_status()
    job = made.json()["id"]
    ui.goto(f"{stack.url}/jobs/{job}/edit")
    ui.get_by_label("Run by itself, on a schedule").check(force=True)
    expect(ui.get_by_role("region", name="The next times").get_by_role("row")).to_have_count(1 + 10)
    ui.get_by_role("button", name=re.compile("^Save")).first.click()
    expect(ui.get_by_role("heading", level=1, name="Matinees", exact=True)).to_be_visible()
    schedule = api.get(f"/api/jobs/{job}/schedule").raise_for_status().json()
    assert 10 == len(schedule["next"])
    ui.goto(f"{stack.url}/")
    expect(ui.get_by_role("region", name="Next scheduled runs").get_by_text("Matinees").first).to_be_visible()

    ui.goto(f"{stack.url}/jobs/{job}")
    other = ui.context.new_page()
    other.goto(f"{stack.url}/jobs/{job}")
    for page, says in ((ui, None), (other, re.compile("already", re.IGNORECASE))):
        page.bring_to_front()
        page.get_by_role("button", name=re.compile("^Delete")).first.click()
        page.get_by_role("dialog").get_by_role("button", name=re.compile("^Delete")).click()
        expect(page.get_by_role("heading", level=1, name="Jobs")).to_be_visible(timeout=PATIENCE_MS)
        if says:
            expect(toast(page, says)).to_be_visible()
    assert 404 == api.get(f"/api/jobs/{job}").status_code


# -- whatever runs -----------------------------------------------------------------------------------------------------


def test_what_somebody_else_starts_shows_up_and_can_be_stopped_from_the_header(
    ui: Page, stack: Stack, api: httpx.Client
) -> None:
    """Without a reload, in the list of runs too."""
    ui.goto(f"{stack.url}/runs")
    accepted = api.post("/api/test", json={"script": SLOW, "title": "From a program"}).raise_for_status().json()
    row = ui.get_by_role("row").filter(has_text="From a program")
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    ui.get_by_role("button", name=re.compile("running, ")).click()
    ui.get_by_role("button", name="Cancel From a program").click()
    expect(row.get_by_text("Cancelled").first).to_be_visible(timeout=PATIENCE_MS)

    assert "cancelled" == api.get(f"/api/runs/{accepted['testId']}").json()["status"]


def test_a_key_is_made_shown_once_and_revoked(ui: Page, stack: Stack) -> None:
    """It works at once, and not any more afterwards."""
    ui.goto(f"{stack.url}/keys")
    ui.get_by_role("button", name=re.compile("key$")).first.click()
    ui.get_by_role("dialog").get_by_label("Name").fill("For CI")
    ui.get_by_role("dialog").get_by_role("button", name=re.compile("^(Create|Make)")).click()
    key = re.search(r"mt_[\w-]{43}", ui.get_by_role("dialog").inner_text(timeout=PATIENCE_MS))
    if key is None:
        expect(ui.get_by_role("dialog")).to_contain_text("mt_")
        key = re.search(r"mt_[\w-]{43}", ui.get_by_role("dialog").inner_text())
    assert key is not None
    headers = {"Authorization": f"Bearer {key.group()}"}
    assert 200 == httpx.get(f"{stack.url}/api/runs", headers=headers).status_code
    ui.get_by_role("button", name="I have kept it").click()
    ui.get_by_role("button", name="Revoke For CI").click()
    ui.get_by_role("dialog").get_by_role("button", name=re.compile("^Revoke")).click()
    expect(ui.get_by_role("dialog")).to_have_count(0)

    assert 401 == httpx.get(f"{stack.url}/api/runs", headers=headers).status_code
