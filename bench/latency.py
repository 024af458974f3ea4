"""How soon is the verdict? Matinee against `playwright test` on the same spec, in turns, in one run.

Both take the same trace, screenshot and HTML report, with the same Node, Playwright and Chromium. Ours is timed from sending POST /api/test to
hearing the verdict, and to `end` (the report can be opened), over SSE; native from starting the process to its exit. The floor is a bare script that
launches, navigates, clicks and closes. The machine is shared and noisy: read the ratios, not the seconds.

    python -m bench.latency [--rounds 10] [--submits 200] [--json FILE]
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse
from rich.console import Console
from rich.table import Table

from bench.native import Native, runtime
from local.stack import temporary

SPEC = """\
import { test, expect } from '@playwright/test';

test('clicks a button', async ({ page }) => {
  await page.goto('data:text/html,<h1>Hello</h1><button onclick="this.textContent=`clicked`">go</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('clicked');
});
"""
FLOOR = """\
const { chromium } = require('playwright-core');
(async () => {
  const browser = await chromium.launch({ args: ['--disable-gpu'], chromiumSandbox: false });
  const page = await browser.newPage();
  await page.goto('data:text/html,<button onclick="this.textContent=`clicked`">go</button>');
  await page.getByRole('button').click();
  await browser.close();
})();
"""
REST_SECONDS = 3.0
TERMINAL = {"passed", "failed", "error", "timed_out", "cancelled"}


def main() -> int:
    """Measure, print a table, and exit 1 if a run went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--submits", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        peer = Native(Path(folder) / "native", runtime(), {"clicks.spec.ts": SPEC, "floor.cjs": FLOOR})
        with temporary(Path(folder) / "home", 0) as stack:
            client = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.api_key}"}, timeout=60)
            figures = measure(client, peer.test, partial(peer.run, "floor.cjs"), rounds=options.rounds)
            figures["submit"] = submits(client, options.submits)
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def measure(
    client: httpx.Client, native: Callable[[], float], floor: Callable[[], float], *, rounds: int
) -> dict[str, Any]:
    """Take turns: native, floor, ours; the first round warms everything up and is not counted."""
    figures: dict[str, Any] = {name: [] for name in ("native", "floor", "verdict", "end", "events")}
    for number in range(rounds + 1):
        # Each begins on a machine at rest: after a run of ours, the next runner loads, and shall not steal from native.
        took = {}
        for name, peer in (("native", native), ("floor", floor)):
            time.sleep(REST_SECONDS)
            took[name] = peer()
        time.sleep(REST_SECONDS)
        verdict, end, lags = ours(client)
        if number:
            for name, seconds in {**took, "verdict": verdict, "end": end}.items():
                figures[name].append(seconds)
            figures["events"] += lags
    return figures


def ours(client: httpx.Client) -> tuple[float, float, list[float]]:
    """Submit once; give seconds to the verdict and to the end, and for each event from its happening to its arrival."""
    began = time.perf_counter()
    answer = client.post("/api/test", json={"script": SPEC})
    answer.raise_for_status()
    verdict = None
    lags = []
    with connect_sse(client, "GET", answer.json()["links"]["events"]) as source:
        for event in source.iter_sse():
            data = event.json()
            if event.event in {"test", "step"}:
                lags.append(time.time() - data["at"] / 1000)
            if event.event == "run" and data["status"] in TERMINAL:
                verdict = time.perf_counter() - began
                if data["status"] != "passed":
                    raise SystemExit(f"the run ended as {data}")
            if event.event == "end":
                break
    if verdict is None:
        raise SystemExit("the stream ended without a verdict")
    return verdict, time.perf_counter() - began, lags


def submits(client: httpx.Client, count: int) -> list[float]:
    """Time POST /api/test alone, and cancel what it started."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        answer = client.post("/api/test", json={"script": SPEC})
        took.append(time.perf_counter() - began)
        client.post(f"/api/runs/{answer.json()['testId']}/cancel").raise_for_status()
    return took


def show(figures: dict[str, Any]) -> None:
    """Print medians, spreads and ratios."""
    native = statistics.median(figures["native"])
    table = Table(
        "",
        "median",
        "min-max",
        "ratio to native",
        title=f"{len(figures['native'])} rounds in turns, {os.cpu_count()} cores",
    )
    for name, label in (
        ("native", "playwright test"),
        ("verdict", "matinee: POST to verdict"),
        ("end", "matinee: POST to report"),
        ("floor", "bare script"),
    ):
        took = figures[name]
        middle = statistics.median(took)
        pairs = statistics.median(one / other for one, other in zip(took, figures["native"], strict=True))
        table.add_row(label, f"{middle:.2f} s", f"{min(took):.2f}-{max(took):.2f}", f"{pairs:.2f}")
    console = Console()
    console.print(table)
    console.print(f"bare script: {statistics.median(figures['floor']) / native:.2f} of native")
    for name, label in (("submit", "POST /api/test"), ("events", "an event, from happening to the client")):
        took = sorted(figures[name])
        cuts = statistics.quantiles(took, n=100)
        console.print(
            f"{label}: p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms ({len(took)})"
        )


if __name__ == "__main__":
    raise SystemExit(main())
