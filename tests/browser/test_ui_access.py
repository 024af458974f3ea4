"""Who may do what in the web UI, who was let in, what they changed, how much they may use: a real browser, the embedded stack, nothing faked but the issuer."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.stack import Stack, temporary
from tests.browser.axe import serious
from tests.browser.deeds import ask, asked_by_hand, deeds, visited
from tests.browser.stage import HEAD, TESTS, run_script
from tests.integration.access.played_issuer import CLIENT_ID, CLIENT_SECRET, PlayedIssuer

ADA, GRACE = "ada@example.com", "grace@example.com"
SLOW = HEAD + "test('waits', async ({ page }) => { test.setTimeout(120_000); await page.waitForTimeout(100_000); });\n"
Visit = Callable[[str], Page]


@pytest.fixture(scope="module")
def issuer() -> Iterator[PlayedIssuer]:
    issuer = PlayedIssuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def stack(built: None, issuer: PlayedIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001  it serves it
    """A stack whose members sign in by the played issuer."""
    settings = {"ISSUER": issuer.url, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "NAME": "the box office"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"OIDC_{name}", value)
        with temporary(tmp_path_factory.mktemp("home")) as stack:
            yield stack


@pytest.fixture(scope="module")
def kept(api: httpx.Client) -> dict[str, str]:
    """A saved test, a job of it with a schedule and a trigger key, and a run, by their ids."""
    test = api.post("/api/tests", json={"title": "Programme", "script": TESTS["Programme"], "tags": ["smoke"]}).json()
    nightly = {"name": "Nightly", "tests": [test["id"]], "schedule": {"cron": "0 3 1 1 *"}}
    job = api.post("/api/jobs", json=nightly).json()["id"]
    api.post(f"/api/jobs/{job}/trigger-keys", json={"name": "Deployments"}).raise_for_status()
    api.put("/api/variables/WHERE_TO", json={"value": "https://example.com"}).raise_for_status()
    return {"test": test["id"], "job": job, "run": run_script(api, TESTS["Epilogue"], "Epilogue")}


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens addresses, each in a browser of its own; a page that breaks breaks its test."""
    contexts = []

    def opened(address: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", _break)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def come(visit: Visit, stack: Stack, api: httpx.Client) -> Callable[[str], Page]:
    """Signs somebody in with a new key of this role."""

    def signed_in(role: str) -> Page:
        key = api.post("/api/keys", json={"name": f"A key for {role}s", "role": role}).raise_for_status().json()["key"]
        page = visit(f"{stack.url}/sign-in")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
        return page

    return signed_in


@pytest.fixture
def owner(visit: Visit, stack: Stack) -> Page:
    page = visit(stack.sign_in_link())
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    return page


def _break(error: Any) -> None:
    raise AssertionError(f"the page broke: {error}")


def toast(page: Page, words: str) -> Locator:
    return page.get_by_role("alert").filter(has_text=words)


def step(page: Page, name: str) -> None:
    """Go to another page by the navigation."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


# -- roles -------------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_everything_and_finds_no_way_to_change_it(
    come: Callable[[str], Page], stack: Stack, kept: dict[str, str]
) -> None:
    """No button, link or switch; pages for others say for whom they are; and what a button would ask for, the API refuses."""
    page = come("viewer")
    for path in visited(page, stack, kept):
        assert set() == deeds(page), path
    page.goto(f"{stack.url}/playground")
    expect(page.get_by_text("running and saving take the role of an editor")).to_be_visible()
    assert [] == serious(page)
    for path, role in {"/jobs/new": "editor", "/tests/new": "editor", "/keys": "owner", "/members": "owner"}.items():
        page.goto(stack.url + path)
        expect(page.get_by_text(f"This takes the role of an {role}")).to_be_visible()
    answers = asked_by_hand(page, kept)

    assert dict.fromkeys(answers, 403) == answers


def test_an_editor_has_all_buttons_but_an_owners(
    come: Callable[[str], Page], stack: Stack, kept: dict[str, str]
) -> None:
    """On the pages on which a viewer had none; and what they start runs."""
    page = come("editor")
    found = {path: deeds(page) for path in visited(page, stack, kept)}
    links = page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    page.goto(f"{stack.url}/tests")
    page.get_by_role("button", name="Run Programme").click()
    expect(toast(page, "Passed: Programme")).to_be_visible(timeout=60_000)

    assert ["/runs", "/usage"] == [path for path, names in found.items() if not names]
    assert {
        "Run now: Nightly",
        "Edit",
        "Delete",
        "The schedule is on",
        "New trigger key",
        "Add a variable",
        "Revoke Deployments",
    } == found[f"/jobs/{kept['job']}"]
    assert ["Dashboard", "Playground", "Tests", "Jobs", "Runs", "Variables", "Usage"] == links


# -- members -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("kept")
def test_a_member_is_let_in_signs_on_and_is_what_the_owner_says_from_the_next_click_on(
    owner: Page, visit: Visit, stack: Stack, issuer: PlayedIssuer
) -> None:
    """They come to the page that they wanted; a role given or taken acts at once, a removed member is out; all of it is in the audit log."""
    step(owner, "Members")
    owner.get_by_role("button", name="Add a member").first.click()
    dialog = owner.get_by_role("dialog", name="Add a member")
    dialog.get_by_label("E-mail address").fill(ADA)
    dialog.get_by_role("radio", name="Viewer").check()
    assert [] == serious(owner)
    dialog.get_by_role("button", name="Add", exact=True).click()
    row = owner.get_by_role("list", name="Members").get_by_role("listitem")
    expect(row).to_contain_text("has not been here yet")

    ada = visit(f"{stack.url}/runs?status=passed")
    expect(ada.get_by_role("button", name="Sign in with the box office")).to_be_focused()
    assert [] == serious(ada)
    sign_on(ada, issuer, ADA, "Ada Lovelace")
    expect(ada.get_by_role("heading", level=1, name="Runs")).to_be_visible()
    assert ada.url.endswith("/runs?status=passed")
    ada.get_by_role("button", name="Account").click()
    expect(ada.get_by_role("menu")).to_contain_text(re.compile(f"Ada Lovelace\\s*{ADA}\\s*Viewer"))
    ada.keyboard.press("Escape")

    owner.reload()
    give(owner, "Editor")
    expect(toast(owner, "Ada Lovelace is an editor now")).to_be_visible()
    step(ada, "Tests")
    run = ada.get_by_role("button", name="Run Programme")
    run.click()
    expect(toast(ada, "Passed: Programme")).to_be_visible(timeout=60_000)
    toast(owner, "is an editor now").get_by_role("button", name="Undo").click()
    expect(owner.get_by_role("combobox", name="Role of Ada Lovelace")).to_have_value("Viewer")
    run.click()
    expect(toast(ada, "You may not do this")).to_contain_text("This takes the role editor; yours is viewer.")
    expect(run).to_have_count(0)

    owner.get_by_role("button", name="Remove Ada Lovelace").click()
    owner.get_by_role("dialog").get_by_role("button", name="Remove them").click()
    expect(row).to_have_count(0)
    ada.get_by_role("link", name="Jobs").click()
    expect(ada.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    step(owner, "Audit log")
    told = owner.get_by_role("region", name="Today").get_by_role("listitem")
    expect(told.filter(has_text="removed the member")).to_be_visible()
    said = [each.split("\n")[0] for each in told.all_inner_texts() if "Lovelace" in each or ADA in each]

    assert [
        f"first key of the local stack (API key) removed the member {ADA}",
        f"first key of the local stack (API key) made {ADA} a viewer",
        f"first key of the local stack (API key) made {ADA} an editor",
        "Ada Lovelace signed in",
        f"first key of the local stack (API key) added {ADA} as a viewer",
    ] == said


def test_the_audit_log_links_to_what_there_is_and_shows_the_history_of_one_thing(
    owner: Page, stack: Stack, api: httpx.Client, kept: dict[str, str]
) -> None:
    """A job's page leads to it; what was deleted has no link."""
    gone = api.post("/api/jobs", json={"name": "Gone", "tests": [kept["test"]]}).json()["id"]
    api.delete(f"/api/jobs/{gone}").raise_for_status()
    owner.goto(f"{stack.url}/audit")
    expect(owner.get_by_role("listitem").filter(has_text="deleted the job Gone")).to_be_visible()
    expect(owner.get_by_role("link", name="Gone", exact=True)).to_have_count(0)
    owner.goto(f"{stack.url}/jobs/{kept['job']}")
    owner.get_by_role("link", name="History").click()
    expect(owner.get_by_text("Only what was done to “Nightly”")).to_be_visible()
    expect(owner.get_by_role("list").get_by_role("listitem")).to_have_text(
        [re.compile(re.escape("gave a job the schedule 0 3 1 1 *")), re.compile("made the job Nightly")],
        use_inner_text=True,
    )
    owner.get_by_role("link", name="Nightly", exact=True).click()
    expect(owner.get_by_role("heading", level=1, name="Nightly")).to_be_visible()


def test_a_member_of_two_workspaces_goes_from_one_to_the_other_and_out_of_all_browsers(
    visit: Visit, stack: Stack, api: httpx.Client, issuer: PlayedIssuer
) -> None:
    """Whoever signs on again comes to where they were last. Only owners of the first workspace are offered to set limits."""
    second = api.post("/api/workspaces", json={"name": "Second house"}).raise_for_status().json()
    headers = {"Authorization": f"Bearer {second['key']}"}
    body = {"email": GRACE, "role": "owner"}
    for of in (dict(api.headers), headers):
        httpx.post(f"{stack.url}/api/members", json=body, headers=of).raise_for_status()
    first, other = visit(f"{stack.url}/usage"), visit(f"{stack.url}/usage")
    sign_on(first, issuer, GRACE, "Grace Hopper")
    expect(first.get_by_role("button", name="Set limits")).to_be_visible()
    first.get_by_role("button", name="Account").click()
    first.get_by_role("menuitem", name="Second house").click()
    expect(first.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    step(first, "Usage")
    sign_on(other, issuer, GRACE, "Grace Hopper")
    for page in (first, other):
        expect(page.get_by_text("Whoever looks after this installation")).to_be_visible()
        expect(page.get_by_role("button", name="Set limits")).to_have_count(0)
    limits = f"/api/workspaces/{second['workspace']['id']}/limits"
    assert 403 == ask(first, "PUT", limits, {})

    first.get_by_role("button", name="Account").click()
    first.get_by_role("menuitem", name="Sign out everywhere").click()
    first.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    other.get_by_role("link", name="Runs").click()
    for page in (first, other):
        expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


# -- how much ----------------------------------------------------------------------------------------------------------


def test_what_has_no_place_stands_in_line_and_what_does_not_fit_is_told_when_to_come_again(
    owner: Page, stack: Stack, api: httpx.Client
) -> None:
    """With one place and two that may wait: the third run is 2nd in line, wherever it is watched, and the fourth is refused."""
    step(owner, "Usage")
    owner.get_by_role("button", name="Set limits").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("Tests at once").fill("1")
    dialog.get_by_label("Tests that wait").fill("2")
    assert [] == serious(owner)
    dialog.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("0 of 2")).to_be_visible()
    runs = [api.post("/api/test", json={"script": SLOW, "title": str(at)}).json()["testId"] for at in range(2)]
    expect(owner.get_by_text("1 of 1")).to_be_visible(timeout=60_000)
    expect(owner.get_by_text("1 of 2")).to_be_visible()

    owner.goto(f"{stack.url}/playground")
    owner.get_by_role("button", name="Run", exact=True).click()
    panel = owner.get_by_role("region", name="The run")
    expect(panel.get_by_text("2nd in line")).to_be_visible()
    owner.get_by_role("button", name="Run", exact=True).click()
    refused = owner.get_by_role("main").get_by_role("alert")
    expect(refused).to_contain_text("Try it again in 30 s")
    expect(refused).to_contain_text("2 tests wait already")
    toast(owner, "2nd in line").get_by_role("link", name="Watch it").click()
    about = owner.get_by_text("started by hand")
    expect(owner.get_by_text("2nd in line").first).to_be_visible()
    before = about.bounding_box()
    api.post(f"/api/runs/{runs[1]}/cancel").raise_for_status()
    expect(owner.get_by_text("next in line").first).to_be_visible()
    assert before == about.bounding_box(), "nothing moves"

    owner.get_by_role("button", name="Cancel", exact=True).click()
    api.post(f"/api/runs/{runs[0]}/cancel").raise_for_status()
    expect(owner.get_by_role("heading", level=1)).to_contain_text("Cancelled", timeout=60_000)


def sign_on(page: Page, issuer: PlayedIssuer, email: str, name: str) -> None:
    """Go through the issuer, whose page has but one way on."""
    issuer.who = {"sub": email, "email": email, "email_verified": True, "name": name}
    page.get_by_role("button", name="Sign in with the box office").click()
    page.get_by_role("link", name="It is me").click()
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()


def give(page: Page, role: str) -> None:
    """Choose Ada's role in the list of members."""
    page.get_by_role("combobox", name="Role of Ada Lovelace").click()
    page.get_by_role("option", name=role).click()
