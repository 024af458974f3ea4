"""Variables in the web UI, in a real browser on the embedded stack."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.browser.axe import serious
from tests.browser.stage import HEAD, run_script

HUSH = "correct horse battery staple"
READS = HEAD + "test('reads', () => { console.log(process.env.WHERE_TO, process.env.TOKEN); });\n"


@pytest.fixture
def page(page: Page, stack: Stack, api: httpx.Client) -> Iterator[Page]:
    """The page of the workspace's variables, of which there are none, for an owner."""
    page.goto(stack.sign_in_link())
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    page.goto(f"{stack.url}/variables")
    yield page
    for variable in api.get("/api/variables").json()["items"]:
        api.delete(f"/api/variables/{variable['name']}")


def save(page: Page, name: str, value: str, *, secret: bool = False) -> None:
    """Add a variable; the value of a secret is typed when it is one."""
    page.get_by_role("button", name="Add a variable").click()
    form = page.get_by_role("dialog", name="Add a variable")
    form.get_by_label("Name").fill(name)
    if secret:
        form.get_by_role("switch", name="Secret").click()
        expect(form.get_by_label("Value", exact=True)).to_have_attribute("type", "password")
    form.get_by_label("Value", exact=True).fill(value)
    form.get_by_role("button", name="Save").click()


def test_variables_are_added_changed_and_deleted_and_scripts_read_them(page: Page, api: httpx.Client) -> None:
    """A secret's value is in no page once it is saved, and *** in the console of a run."""
    expect(page.get_by_text("No variables yet")).to_be_visible()
    save(page, "WHERE_TO", "https://example.com")
    save(page, "TOKEN", HUSH, secret=True)
    rows = page.get_by_role("list", name="Variables").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="WHERE_TO")).to_contain_text("https://example.com")
    expect(rows.filter(has_text="TOKEN")).to_contain_text("Secret")
    page.reload()
    expect(rows).to_have_count(2)
    assert [] == serious(page)
    assert HUSH not in page.content()

    console = api.get(f"/api/runs/{run_script(api, READS, 'Reads')}/console").text
    page.get_by_role("button", name="Change WHERE_TO").click()
    form = page.get_by_role("dialog", name="Change WHERE_TO")
    form.get_by_label("Value", exact=True).fill("https://example.org")
    form.get_by_role("button", name="Save").click()
    expect(rows.filter(has_text="WHERE_TO")).to_contain_text("https://example.org")
    page.get_by_role("button", name="Delete TOKEN").click()
    page.get_by_role("button", name="Delete it").click()
    expect(rows).to_have_count(1)

    assert "https://example.com ***\n" == console


def test_what_the_api_refuses_stands_at_its_field(page: Page) -> None:
    """And what was typed is still there."""
    save(page, "PATH", "short", secret=True)
    form = page.get_by_role("dialog", name="Add a variable")

    expect(form.get_by_text("PATH belongs to the search for programs")).to_be_visible()
    form.get_by_label("Name").fill("TOKEN")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("a secret has 6 characters or more")).to_be_visible()
    expect(form.get_by_label("Value", exact=True)).to_have_value("short")


def test_a_job_has_variables_of_its_own(page: Page, stack: Stack, api: httpx.Client) -> None:
    test = api.post("/api/tests", json={"title": "Reads", "script": READS}).raise_for_status().json()["id"]
    job = api.post("/api/jobs", json={"name": "With variables", "tests": [test]}).raise_for_status().json()["id"]
    page.goto(f"{stack.url}/jobs/{job}")

    save(page, "WHERE_TO", "https://of.the.job.example.com")

    expect(page.get_by_role("list", name="Variables")).to_contain_text("https://of.the.job.example.com")
    assert [] == api.get("/api/variables").json()["items"]
    assert ["WHERE_TO"] == [each["name"] for each in api.get(f"/api/jobs/{job}/variables").json()["items"]]
