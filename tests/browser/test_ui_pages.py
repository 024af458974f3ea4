"""Every page of the web UI: readable for everybody, at every width, in both schemes."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from local.stack import Stack
from tests.browser.axe import serious
from tests.browser.screenshots import settle
from tests.browser.stage import Stage, pages, set_up

NAMES = list(pages(Stage(runs=dict.fromkeys(("job", "passed", "error"), ""), tests={"Programme": ""})))
WIDEST = 3840


@pytest.fixture(scope="module")
def stage(api: httpx.Client) -> Stage:
    return set_up(api)


@pytest.fixture(scope="module", params=["light", "dark"])
def visitor(request: pytest.FixtureRequest, browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce")
    page = context.new_page()
    page.goto(stack.sign_in_link())
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    yield page
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_for_everybody(name: str, visitor: Page, stack: Stack, stage: Stage) -> None:
    """Axe has nothing serious against it, and at 360 px nothing hangs out at the side."""
    visitor.set_viewport_size({"width": 1280, "height": 800})
    visitor.goto(f"{stack.url}{pages(stage)[name]}")
    settle(visitor)
    expect(visitor.get_by_text("That did not work")).to_have_count(0)
    assert [] == serious(visitor)
    visitor.set_viewport_size({"width": 360, "height": 740})
    settle(visitor)
    assert [] == serious(visitor)
    assert 360 == visitor.evaluate("document.documentElement.scrollWidth")


def test_the_way_in_is_for_everybody(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/sign-in")
    expect(page.get_by_label("API key")).to_be_visible()

    assert [] == serious(page)


@pytest.mark.parametrize("name", ["dashboard", "run", "run-timeline", "runs"])
def test_a_page_fills_a_wall(name: str, visitor: Page, stack: Stack, stage: Stage) -> None:
    """On 4K nothing is wider than the screen, and the content keeps to a width that one can read."""
    visitor.set_viewport_size({"width": WIDEST, "height": 2160})
    visitor.goto(f"{stack.url}{pages(stage)[name]}")
    settle(visitor)
    widest = visitor.locator("#main").evaluate("element => element.getBoundingClientRect().width")

    assert WIDEST == visitor.evaluate("document.documentElement.scrollWidth")
    assert 1000 < widest <= 1700


def test_all_can_be_reached_by_keyboard(visitor: Page, stack: Stack, stage: Stage) -> None:
    """The first Tab leads past the navigation; a test is picked with Enter, and what it shows is reached."""
    visitor.set_viewport_size({"width": 1280, "height": 800})
    visitor.goto(f"{stack.url}{pages(stage)['run']}")
    settle(visitor)
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="Skip to content")).to_be_focused()
    visitor.keyboard.press("Enter")
    first = visitor.get_by_role("list", name="Tests", exact=True).get_by_role("button").first
    for _ in range(40):
        visitor.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_be_focused()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("region", name="The test that is picked")).to_contain_text("Console")
