"""How light the web UI is: what a first visit loads, and that what comes in live moves nothing and fills no page."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from local.site import BUILT
from local.stack import Stack
from tests.browser.crowd import crowd

MAX_FIRST_LOAD_BYTES = 300_000
_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push({
        value: entry.value,
        at: entry.startTime,
        moved: entry.sources.map(source => source.node?.className || source.node?.nodeName),
      });
}).observe({ type: 'layout-shift', buffered: true });
"""


@pytest.fixture
def signed_in(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A desktop's page on which layout shifts are noted."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_SHIFTS)
    page = context.new_page()
    page.goto(stack.sign_in_link())
    expect(page.get_by_role("heading", level=1, name="Dashboard")).to_be_visible()
    yield page
    context.close()


def closure(manifest: dict[str, dict[str, list[str]]], entry: str) -> set[str]:
    """All scripts that are loaded for one of the build's modules, those that it loads lazily aside."""
    found: set[str] = set()
    todo = [entry]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += manifest[name].get("imports", [])
    return found


PAGES = {
    "dashboard": "src/dashboard/dashboard.tsx",
    "playground": "src/playground/playground.tsx",
    "tests": "src/tests/list.tsx",
    "test": "src/tests/page.tsx",
    "jobs": "src/jobs/list.tsx",
    "job": "src/jobs/page.tsx",
    "edit a job": "src/jobs/edit.tsx",
    "runs": "src/runs/list.tsx",
    "run": "src/runs/page.tsx",
    "variables": "src/variables/page.tsx",
    "usage": "src/usage/usage.tsx",
    "keys": "src/keys/keys.tsx",
    "members": "src/members/members.tsx",
    "audit": "src/audit/audit.tsx",
    "sign in": "src/sign-in/sign-in.tsx",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_loads_little(page: str) -> None:
    """Before Monaco, which only editors load: whichever page one comes to first, compressed."""
    manifest = json.loads((BUILT / ".vite" / "manifest.json").read_text())
    scripts = {manifest[name]["file"] for name in closure(manifest, "index.html") | closure(manifest, PAGES[page])}
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes())) for name in scripts if Path(name).suffix == ".js"}

    assert len(sizes) >= 2
    assert sum(sizes.values()) < MAX_FIRST_LOAD_BYTES, sizes


def test_nothing_moves_while_a_thousand_tests_stream(signed_in: Page, stack: Stack) -> None:
    """Tests begin and end, the bar grows, the verdict comes near: everything stays where it is, and only rows in sight exist."""
    with crowd(stack, 1_000) as run:
        signed_in.goto(f"{stack.url}/runs/{run.run_id}")
        expect(signed_in.get_by_role("heading", level=1)).to_contain_text("A crowd")
        run.begin()
        run.act(0, 20)
        expect(signed_in.get_by_text("20 of 1000 ended")).to_be_visible(timeout=30_000)
        settled = signed_in.evaluate("performance.now()")
        for first in range(20, 600, 20):
            run.act(first, first + 20)
            time.sleep(0.05)
        expect(signed_in.get_by_text("600 of 1000 ended")).to_be_visible(timeout=60_000)
        shifts = [each for each in signed_in.evaluate("window.shifts") if each["at"] > settled]
        rows = signed_in.get_by_role("list", name="Tests", exact=True).get_by_role("listitem").count()

    assert [] == shifts
    assert 5 < rows < 80


def test_ten_thousand_lines_are_a_screenful_of_elements(signed_in: Page, stack: Stack) -> None:
    """The console has the first and the last of them, and as many elements as fit into sight."""
    with crowd(stack, 3) as run:
        signed_in.goto(f"{stack.url}/runs/{run.run_id}?view=console")
        run.begin()
        run.print(10_000)
        log = signed_in.get_by_role("log")
        expect(log.get_by_text("line 9999 of")).to_be_visible(timeout=60_000)
        elements = log.locator("*").count()
        log.evaluate("element => element.scrollTo({ top: 0 })")
        expect(log.get_by_text("line 0 of")).to_be_visible()

    assert elements < 150
