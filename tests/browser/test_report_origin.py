"""A report whose author is an enemy, read by somebody who is signed in: in the app's frame and in a tab of its own."""

import json
import time
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from local.stack import Stack
from matinee.http.passes import GOOD_FOR_S
from tests.browser.stage import HEAD, run_script

#: A page that stands where Playwright's would: the worst that a hole in Playwright's report could come to. It tries what it should not
#: be able to, and writes down what came of it. `APP` is where Matinee is, `SELF` the report's own folder.
HOSTILE = """<!doctype html><title>hostile</title><pre id="told"></pre><script>
const app = '%(app)s';
const tries = {
  'read the cookies': () => document.cookie || Promise.reject(),
  'read the api': () => fetch(app + '/api/session', {credentials: 'include'}).then(answer => answer.text()),
  'read the api by XHR': () => new Promise((good, bad) => {
    const asked = new XMLHttpRequest();
    asked.open('GET', app + '/api/session');
    asked.withCredentials = true;
    asked.onload = () => good(asked.responseText);
    asked.onerror = bad;
    asked.send();
  }),
  'read the api at its own origin': () => fetch('/api/session', {credentials: 'include'})
    .then(answer => answer.ok ? answer.text() : Promise.reject()),
  'make a key': () => fetch(app + '/api/keys', {method: 'POST', credentials: 'include', mode: 'no-cors',
    headers: {'Content-Type': 'text/plain'}, body: JSON.stringify({name: 'stolen'})}).then(() => Promise.reject()),
  'make a key by a form': () => new Promise((good, bad) => {
    const form = document.createElement('form');
    form.method = 'POST'; form.action = app + '/api/keys'; form.target = 'sink'; form.enctype = 'text/plain';
    form.innerHTML = '<input name=\\'{"name":"stolen","x":"\\' value=\\'"}\\'>';
    document.body.append(form); form.submit(); setTimeout(bad, 300);
  }),
  'read the page around': () => parent !== window ? parent.document.title : Promise.reject(),
  'read the top page': () => top !== window ? top.document.body.innerHTML : Promise.reject(),
  'read the storage of the app': () => parent !== window ? parent.localStorage.length + 'entries' : Promise.reject(),
  'lead the top page elsewhere': () => top !== window ? (top.location = 'about:blank', 'led') : Promise.reject(),
  'read a page of the app that it opens': () => new Promise((good, bad) => {
    const opened = open(app + '/'); if (!opened) return bad();
    setTimeout(() => { try { good(opened.document.title); } catch (error) { bad(error); } opened.close(); }, 1500);
  }),
  'frame the app': () => new Promise((good, bad) => {
    const frame = document.createElement('iframe'); frame.src = app + '/';
    frame.onload = () => { try { good(frame.contentDocument.title || Promise.reject()); } catch (error) { bad(error); } };
    document.body.append(frame); setTimeout(bad, 1500);
  }),
  'read who opened it': () => opener ? opener.document.title : Promise.reject(),
  'work as the app': () => navigator.serviceWorker.register(app + '/sw.js', {scope: app + '/'}),
  'work for all reports': () => navigator.serviceWorker.register('trace/sw.bundle.js', {scope: '/'}),
  'make a worker of an attachment': () => navigator.serviceWorker.register('data/%(sha)s.js'),
  'run an attachment': () => new Promise((good, bad) => {
    const script = document.createElement('script'); script.src = 'data/%(sha)s.js';
    script.onload = () => good('ran'); script.onerror = bad; document.body.append(script);
  }),
};
(async () => {
  const told = {};
  for (const [name, attempt] of Object.entries(tries)) {
    told[name] = await (async () => attempt())().then(found => 'GOT ' + found, () => 'refused');
  }
  document.querySelector('#told').textContent = JSON.stringify(told);
  document.title = 'done';
})();
</script>"""
SHA1 = "0123456789abcdef0123456789abcdef01234567"
#: What a script may do without any hole: say what it likes.
WORDS = (
    HEAD
    + """
import fs from 'node:fs';
const markup = `<img src=x onerror="window.parent.hacked=window.hacked=1"><script>window.hacked=1</scr` + `ipt>`;
test.use({ trace: 'on' });
test('greets ' + markup, { annotation: { type: 'note', description: markup } }, async ({ page }, info) => {
  await page.setContent(`<h1>Good evening</h1><button onclick="this.textContent='bowed'">bow</button>
    <a href="javascript:void(window.hacked = window.top.hacked = 1)">lead on</a>
    <a href="java&#10;script:void(window.hacked = window.top.hacked = 1)">lead astray</a>
    <p onmouseover="window.hacked = window.top.hacked = 1">rest here</p>
    <iframe src="javascript:void(parent.hacked = top.hacked = 1)"></iframe>
    <form action="javascript:void(window.hacked = window.top.hacked = 1)"><input type=submit value=send></form>`);
  await test.step('bow ' + markup, () => page.getByRole('button', { name: 'bow' }).click());
  fs.mkdirSync(info.outputDir, { recursive: true });
  fs.writeFileSync(info.outputPath('page.html'), `<title>stranger</title><script>
    try { document.title = 'GOT ' + document.cookie + localStorage.length } catch { document.title = 'refused' }
  </scr` + `ipt>`);
  await info.attach('page ' + markup, { path: info.outputPath('page.html'), contentType: 'text/html' });
  console.log(markup);
});
"""
)


@pytest.fixture(scope="module")
def run_id(api: httpx.Client) -> str:
    return run_script(api, WORDS, "Words <script>window.hacked=1</script>")


@pytest.fixture(scope="module")
def hostile(api: httpx.Client, stack: Stack) -> str:
    """A run whose report was replaced by a page of an enemy's."""
    run_id = run_script(api, WORDS, "Hostile")
    s3 = stack.aws.session.client("s3", endpoint_url=stack.aws.endpoint)
    [bucket] = [one["Name"] for one in s3.list_buckets()["Buckets"]]
    [index] = [
        each["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for each in page.get("Contents", [])
        if each["Key"].endswith(f"/{run_id}/report/index.html")
    ]
    body = HOSTILE % {"app": stack.url, "sha": SHA1}
    s3.put_object(Bucket=bucket, Key=index, Body=body.encode(), ContentType="text/html; charset=utf-8")
    script = index.replace("index.html", f"data/{SHA1}.js")
    s3.put_object(Bucket=bucket, Key=script, Body=b"window.ran = 1", ContentType="text/javascript; charset=utf-8")
    s3.close()
    return run_id


def signed_in(context: BrowserContext, stack: Stack) -> Page:
    page = context.new_page()
    page.goto(stack.sign_in_link())
    expect(page.get_by_role("link", name="Runs", exact=True)).to_be_visible()
    return page


def picture_in_trace(page: Page, stack: Stack, run_id: str) -> FrameLocator:
    """Open the run's report in the app, in it the trace, and in that the picture of the page as the test had made it."""
    page.goto(f"{stack.url}/runs/{run_id}?view=report")
    report = page.frame_locator("iframe[title=Report]")
    report.get_by_text("greets").first.click()
    report.locator('a[href*="trace/index.html"]').first.click()
    report.get_by_role("treeitem").filter(has_text="Set content").first.click()
    snapshot = report.frame_locator("iframe.snapshot-visible")
    expect(snapshot.get_by_role("heading", name="Good evening")).to_be_visible(timeout=20_000)
    return snapshot


def test_in_the_apps_frame_the_report_is_of_another_origin_and_its_trace_shows_the_page(
    browser: Browser, stack: Stack, run_id: str
) -> None:
    """Somebody who is signed in sees the DOM of a step without leaving the page; no cookie is ever at the reports' origin."""
    context = browser.new_context()
    page = signed_in(context, stack)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(json.dumps(asked.all_headers())) if "/reports/" in asked.url else None)
    picture_in_trace(page, stack, run_id)

    shown = page.frames[1]
    assert shown.url.startswith(f"{stack.report_url}/reports/tk_")
    assert "" == shown.evaluate("document.cookie")
    assert sent
    assert not [headers for headers in sent if '"cookie"' in headers]
    assert {"127.0.0.1"} == {cookie.get("domain") for cookie in context.cookies()}
    context.close()


def test_what_a_test_says_is_text_in_the_report(browser: Browser, stack: Stack, run_id: str) -> None:
    """Its title, a step, an annotation, an attachment's name: nothing of it runs, here or in the page around."""
    context = browser.new_context()
    page = signed_in(context, stack)
    page.goto(f"{stack.url}/runs/{run_id}?view=report")
    report = page.frame_locator("iframe[title=Report]")
    report.get_by_text("greets").first.click()
    expect(report.get_by_text("onerror=").first).to_be_visible()

    assert [True] * len(page.frames) == [frame.evaluate("window.hacked === undefined") for frame in page.frames]
    context.close()


def test_a_recorded_page_runs_nothing_in_the_trace(browser: Browser, stack: Stack, run_id: str) -> None:
    """Script URLs in its links, frames and forms, and handlers, are as dead as the rest of the picture, whatever one clicks on."""
    context = browser.new_context()
    page = signed_in(context, stack)
    snapshot = picture_in_trace(page, stack, run_id)
    for link in ("lead on", "lead astray"):
        snapshot.get_by_text(link).dispatch_event("click")
    snapshot.get_by_text("rest here").dispatch_event("mouseover")
    snapshot.get_by_text("send").dispatch_event("click")
    page.wait_for_timeout(300)

    assert [True] * len(page.frames) == [frame.evaluate("window.hacked === undefined") for frame in page.frames]
    assert f"{stack.url}/runs/{run_id}?view=report" == page.url
    context.close()


def test_a_page_that_a_test_attached_has_no_origin(api: httpx.Client, stack: Stack, run_id: str, page: Page) -> None:
    """It may run, and finds neither cookies nor storage: not even the reports'."""
    results = api.get(f"/api/test-results/tests/{run_id}/report/results.json").json()
    [spec] = [spec for suite in results["suites"] for spec in suite["specs"]]
    assert spec["ok"], spec["tests"][0]["results"][0].get("error")
    [attached] = [
        one["path"] for one in spec["tests"][0]["results"][0]["attachments"] if one["contentType"] == "text/html"
    ]
    opened = stack.url + api.post(f"/api/runs/{run_id}/tickets").json()["report"].replace("?", f"{attached}?")

    page.goto(opened)

    expect(page).to_have_title("refused")


def test_a_link_is_shared_opened_by_somebody_outside_and_revoked(browser: Browser, stack: Stack, run_id: str) -> None:
    """It is shown once; who is not signed in reads the report and its trace with it, and a moment after it was revoked nothing any more."""
    context = browser.new_context()
    page = signed_in(context, stack)
    page.goto(f"{stack.url}/runs/{run_id}")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="New link").click()
    page.get_by_label("Name").fill("Designers")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_label("the link", exact=True).inner_text()
    page.get_by_role("button", name="I have kept it").click()
    shares = page.get_by_role("list", name="Links to this report")
    expect(shares).to_contain_text("Designers")
    assert link not in page.content()

    elsewhere = browser.new_context()
    guest = elsewhere.new_page()
    guest.goto(link)
    guest.get_by_text("greets").first.click()
    guest.locator('a[href*="trace/index.html"]').first.click()
    guest.get_by_role("treeitem").filter(has_text="Set content").first.click()
    snapshot = guest.frame_locator("iframe.snapshot-visible")
    expect(snapshot.get_by_role("heading", name="Good evening")).to_be_visible(timeout=20_000)
    assert guest.url.startswith(f"{stack.report_url}/reports/sh_")
    assert [] == elsewhere.cookies()

    page.get_by_role("button", name="Revoke Designers").click()
    page.get_by_role("button", name="Revoke the link").click()
    expect(shares).to_contain_text("Revoked")
    deadline = time.monotonic() + 2 * GOOD_FOR_S
    while (answer := guest.goto(link)) is None or answer.status != 401:
        assert time.monotonic() < deadline
    expect(guest.get_by_role("heading", name="opens no report any more")).to_be_visible()
    for each in (context, elsewhere):
        each.close()


@pytest.mark.parametrize("bypassed", [False, True], ids=["with its policy", "were there no policy"])
@pytest.mark.parametrize("way", ["frame", "tab"])
def test_a_hostile_report_reaches_nothing(
    browser: Browser, api: httpx.Client, stack: Stack, hostile: str, way: str, *, bypassed: bool
) -> None:
    """Were there a hole in Playwright's report: it runs, and all that it tries fails; also where no policy would stop it, but for what is its own."""
    context = browser.new_context(bypass_csp=bypassed)
    page = signed_in(context, stack)
    if way == "frame":
        page.goto(f"{stack.url}/runs/{hostile}?view=report")
        told = page.frame_locator("iframe[title=Report]").locator("#told")
    else:
        page.goto(f"{stack.url}/api/test-results/tests/{hostile}/report/")
        told = page.locator("#told")
    expect(told).to_contain_text("run an attachment", timeout=30_000)
    found: dict[str, Any] = json.loads(told.inner_text())

    assert {"refused"} == set(found.values()), found
    assert "stolen" not in api.get("/api/keys").text
    assert page.url.startswith(stack.url if way == "frame" else stack.report_url)
    context.close()
