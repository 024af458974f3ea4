"""How smooth a page stays while much comes in: frames of the run page, with 1,000 tests and 10,000 console lines streaming, beside an idle one.

    python -m bench.pages

A frame is what lies between two of the browser's own callbacks before painting. The browser and the stack share this machine's cores, so the idle page of the
same run is what to compare with.
"""

import statistics
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect, sync_playwright

from local.environment import RUNTIME
from local.stack import temporary
from tests.browser.crowd import Crowd, crowd

_COUNT = """
window.frames_ = [];
(function next(before) { requestAnimationFrame(now => { window.frames_.push(now - before); next(now); }); })(performance.now());
"""


def main() -> None:
    """Measure, and say it."""
    (executable,) = RUNTIME.glob("browsers/chromium_headless_shell-*/*/chrome-headless-shell")
    with temporary() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(stack.sign_in_link())
        page.get_by_role("heading", level=1, name="Dashboard").wait_for()
        for what, view, act, done in (
            ("idle", "tests", lambda _: None, "0 of 1000 ended"),
            ("1,000 tests begin and end", "tests", _all, "1000 of 1000 ended"),
            ("the same, as a timeline", "timeline", _all, "1000 of 1000 ended"),
            ("10,000 lines are printed", "console", lambda run: run.print(10_000), "line 9999 of"),
        ):
            with crowd(stack, 1_000) as run:
                page.goto(f"{stack.url}/runs/{run.run_id}?view={view}")
                page.get_by_role("heading", level=1, name="A crowd").wait_for()
                run.begin()
                time.sleep(2)
                _say(what, page, run, act, done)
        browser.close()


def _all(run: Crowd) -> None:
    for first in range(0, 1_000, 20):
        run.act(first, first + 20)


def _say(what: str, page: Page, run: Crowd, act: Callable[[Crowd], None], done: str) -> None:
    page.evaluate(_COUNT)
    began = time.monotonic()
    act(run)
    expect(page.get_by_text(done).first).to_be_visible(timeout=120_000)
    took = time.monotonic() - began
    page.wait_for_timeout(1_000)
    frames = sorted(page.evaluate("window.frames_"))
    p95 = frames[int(len(frames) * 0.95)]
    elements = page.evaluate("document.querySelectorAll('*').length")
    print(
        f"{what:28} {took:5.1f} s, {len(frames):4} frames: median {statistics.median(frames):4.0f} ms, "
        f"95 of 100 {p95:4.0f} ms, longest {frames[-1]:4.0f} ms; {elements} elements"
    )


if __name__ == "__main__":
    main()
