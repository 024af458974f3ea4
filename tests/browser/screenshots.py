"""Every page of the web UI as a picture, light and dark, on a desktop and on a phone: `make screenshots`.

    python -m tests.browser.screenshots FOLDER [--only NAME ...]

On a stack of its own, filled with tests, jobs and runs that ended in every way; and once while it is empty.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.environment import RUNTIME
from local.stack import Stack, temporary
from tests.browser.stage import pages, set_up

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
EMPTY = {
    "dashboard": "/",
    "tests": "/tests",
    "jobs": "/jobs",
    "runs": "/runs",
    "variables": "/variables",
    "usage": "/usage",
    "members": "/members",
}
#: What somebody who may only look sees otherwise than the others.
LOOKED_AT = ("playground", "tests", "test", "new-test", "jobs", "job", "run", "keys")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=None, help="names of pages")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    (executable,) = RUNTIME.glob("browsers/chromium_headless_shell-*/*/chrome-headless-shell")
    with temporary() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        headers = {"Authorization": f"Bearer {stack.api_key}"}
        with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as api:
            empty = {f"empty-{name}": path for name, path in EMPTY.items()}
            _take(stack, browser, _only(empty, chosen.only), chosen.folder)
            stage = set_up(api)
        found = pages(stage)
        _take(stack, browser, _only(found, chosen.only), chosen.folder)
        looked_at = {f"viewer-{name}": found[name] for name in LOOKED_AT}
        _take(stack, browser, _only(looked_at, chosen.only), chosen.folder, key=stage.viewer_key)
        browser.close()


def _only(found: Mapping[str, str], names: list[str] | None) -> dict[str, str]:
    return {name: path for name, path in found.items() if names is None or name in names}


def _take(stack: Stack, browser: Browser, found: Mapping[str, str], folder: Path, *, key: str = "") -> None:
    for size, viewport in SIZES.items() if found else ():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": viewport["width"], "height": viewport["height"]},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(f"{stack.url}/sign-in")
            page.get_by_label("API key").wait_for()
            if "dashboard" in found:
                page.screenshot(path=folder / f"sign-in-{size}-{scheme}.png")
            page.get_by_label("API key").fill(key or stack.api_key)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", level=1, name="Dashboard").wait_for()
            for name, path in found.items():
                page.goto(f"{stack.url}{path}")
                settle(page)
                page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=size == "phone")
            context.close()


def settle(page: Page) -> None:
    """Wait until the page shows what it has to show."""
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[aria-busy=true], .mantine-Skeleton-root")).to_have_count(0, timeout=60_000)
    time.sleep(0.4)


if __name__ == "__main__":
    main()
