"""A real browser, the one that runs use, against the embedded stack.

Not for the whole session: Playwright's synchronous API holds an event loop in the main thread as long as it lives.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.stack import Stack, temporary
from local.template import ROOT

#: A machine that also runs what is tested has little to spare.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def built() -> None:
    """The web UI as its sources are now; built anew if they have changed since `make setup`."""
    subprocess.run([sys.executable, str(ROOT / "web" / "build.py")], check=True)


@pytest.fixture(scope="module")
def stack(built: None) -> Iterator[Stack]:  # noqa: ARG001  it serves it
    with temporary() as stack:
        yield stack


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def browser(runtime: Path) -> Iterator[Browser]:
    (executable,) = runtime.glob("browsers/chromium_headless_shell-*/*/chrome-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that knows no key."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
