"""How long does a job take? Matinee against `playwright test`, in turns, in one run.

N tests that wait (2 s each, in the page) and N that burn CPU (some 0.5 s in the test): POST to verdict and to report, beside `playwright test` with one
worker (what the field does with a job), with as many workers as ours, and the ideal: N / parallelism times one test natively. Workers and browser
recordings are the same on both sides. The workers of the stack are up and ready before anything is timed, as a second job finds them: each of ours
comes after another run and a rest. `cold` is the first job of a stack that has just started. Then: the report's cost by the megabytes that each test attached.

    python -m bench.jobs [--counts 1 5 20 50] [--parallelism 10] [--kinds waits burns] [--megabytes 0 1 5] [--json FILE]
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import connect_sse
from rich.console import Console
from rich.table import Table

from bench.native import Native, runtime
from local.stack import temporary

WAITS = """\
import { test, expect } from '@playwright/test';

test('NAME', async ({ page }) => {
  await page.goto('data:text/html,<h1>wait</h1><script>setTimeout(() => document.querySelector("h1").textContent = "done", 2000)</script>');
  await expect(page.getByRole('heading')).toHaveText('done');
});
"""
BURNS = """\
import { test, expect } from '@playwright/test';
import { pbkdf2Sync } from 'node:crypto';

test('NAME', async ({ page }) => {
  await page.goto('data:text/html,<h1>burn</h1>');
  pbkdf2Sync('secret', 'salt', 300_000, 64, 'sha512');
  await expect(page.getByRole('heading')).toHaveText('burn');
});
"""
ATTACHES = """\
import { test } from '@playwright/test';
import { randomBytes } from 'node:crypto';

test('NAME', async ({ page }, info) => {
  await page.goto('data:text/html,<h1>attach</h1>');
  if (BYTES) await info.attach('noise', { body: randomBytes(BYTES), contentType: 'application/octet-stream' });
});
"""
SCRIPTS = {"waits": WAITS, "burns": BURNS}
REST_SECONDS = 4.0
#: In which the workers of a local stack get ready for another run.
READY_SECONDS = 25.0
TERMINAL = {"passed", "failed", "error", "timed_out", "cancelled"}


@dataclass(frozen=True, kw_only=True)
class Ours:
    """One job's run. All in seconds."""

    verdict: float  #: from POST
    report: float  #: from POST
    slowest: float  #: the longest test
    closing: float  #: from the last test's end to the verdict's arrival
    merging: float  #: from the last test's end to the report's arrival
    cpu: float  #: that the whole machine was busy, by test


def main() -> int:
    """Measure, print tables, and exit 1 if a run went wrong."""
    options = _options()
    os.environ["MATINEE_WORKERS"] = str(options.parallelism)
    pinned = runtime()
    figures: dict[str, Any] = {"parallelism": options.parallelism, "cores": os.cpu_count(), "jobs": [], "megabytes": []}
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        folder = Path(name)
        with _stack(folder / "home") as client:
            cold = run_job(client, WAITS, options.parallelism, parallelism=options.parallelism)
            figures["cold"] = asdict(cold)
            for kind in options.kinds:
                figures["jobs"] += [
                    {**row, "kind": kind} for row in _kind(client, folder / kind, pinned, SCRIPTS[kind], options)
                ]
            for megabytes in options.megabytes:
                _get_ready(client, options.parallelism)
                script = ATTACHES.replace("BYTES", str(megabytes << 20))
                ours = run_job(client, script, 20, parallelism=options.parallelism)
                figures["megabytes"].append({"megabytes": megabytes, **asdict(ours)})
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 5, 20, 50])
    parser.add_argument("--parallelism", type=int, default=10)
    parser.add_argument("--kinds", nargs="+", choices=SCRIPTS, default=list(SCRIPTS))
    parser.add_argument("--megabytes", type=int, nargs="*", default=[0, 1, 5])
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


@contextmanager
def _stack(home: Path) -> Iterator[httpx.Client]:
    with temporary(home) as stack:
        yield httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.api_key}"}, timeout=120)


def _kind(
    client: httpx.Client, folder: Path, pinned: Path, script: str, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Measure each count, both sides in turns."""
    single = Native(folder / "one", pinned, {"one.spec.ts": script.replace("NAME", "one")})
    one = statistics.median(single.test() for _ in range(3))
    for count in options.counts:
        files = {f"{number}.spec.ts": script.replace("NAME", f"test {number}") for number in range(count)}
        native = Native(folder / str(count), pinned, files)
        time.sleep(REST_SECONDS)
        sequential = native.test()
        _get_ready(client, options.parallelism)
        ours = run_job(client, script, count, parallelism=options.parallelism)
        time.sleep(REST_SECONDS)
        parallel = native.test(workers=options.parallelism)
        ideal = math.ceil(count / options.parallelism) * one
        yield {"count": count, "one": one, "ideal": ideal, "native": sequential, "parallel": parallel, **asdict(ours)}


def _get_ready(client: httpx.Client, parallelism: int) -> None:
    """Have as many workers as the next job asks for: while the peer ran, most have left."""
    run_job(client, WAITS, parallelism, parallelism=parallelism)
    time.sleep(READY_SECONDS)


def run_job(client: httpx.Client, script: str, count: int, *, parallelism: int) -> Ours:
    """Run a job of `count` such tests, and follow it to its report."""
    job = _job(client, script, count, parallelism)
    busy = _busy_seconds()
    began = time.time()
    answer = client.post("/api/jobs/run", json={"jobId": job})
    answer.raise_for_status()
    accepted = answer.json()
    verdict, report = _follow(client, accepted["links"]["events"])
    cpu = (_busy_seconds() - busy) / count
    run = client.get(accepted["links"]["self"]).json()
    last = max(datetime.fromisoformat(test["endedAt"]).timestamp() for test in run["tests"])
    client.delete(f"/api/jobs/{job}")
    return Ours(
        verdict=verdict - began,
        report=report - began,
        slowest=max(test["durationMs"] for test in run["tests"]) / 1000,
        closing=verdict - last,
        merging=report - last,
        cpu=cpu,
    )


def _job(client: httpx.Client, script: str, count: int, parallelism: int) -> str:
    tests = []
    for number in range(count):
        body = {"title": f"test {number}", "script": script.replace("NAME", f"test {number}")}
        tests.append(client.post("/api/tests", json=body).raise_for_status().json()["id"])
    job = {"name": f"bench {time.time_ns()}", "tests": tests, "parallelism": parallelism}
    return str(client.post("/api/jobs", json=job).raise_for_status().json()["id"])


def _follow(client: httpx.Client, events: str) -> tuple[float, float]:
    """Give when the verdict and the report were heard, in seconds since the epoch."""
    verdict = report = 0.0
    with connect_sse(client, "GET", events) as source:
        for event in source.iter_sse():
            if event.data and event.event == "run" and (data := event.json())["status"] in TERMINAL:
                verdict = time.time()
                if data["status"] != "passed":
                    raise SystemExit(f"the run ended as {data}")
            if event.event == "report":
                report = time.time()
    if not verdict or not report:
        raise SystemExit("the stream ended without a verdict or a report")
    return verdict, report


def _busy_seconds() -> float:
    """Give how long all cores together have been busy since the machine started (proc(5): stat)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def show(figures: dict[str, Any]) -> None:
    """Print what was measured, as ratios where there is a peer."""
    console = Console(width=150)
    parallelism = figures["parallelism"]
    console.print(f"{figures['cores']} cores, parallelism {parallelism}; seconds, and ratios of them")
    table = Table(
        "tests", "kind", "verdict", "report", "of ideal", f"of native x{parallelism}", "native x1 takes", "of slowest test",
        "end to verdict", "end to report", "tests/min", "CPU-s a test",
    )  # fmt: skip
    for row in figures["jobs"]:
        table.add_row(
            str(row["count"]),
            row["kind"],
            f"{row['verdict']:.2f}",
            f"{row['report']:.2f}",
            f"{row['verdict'] / row['ideal']:.2f}",
            f"{row['verdict'] / row['parallel']:.2f}",
            f"{row['native'] / row['verdict']:.1f} times as long",
            f"{row['verdict'] / row['slowest']:.2f}",
            f"{row['closing'] * 1000:.0f} ms",
            f"{row['merging'] * 1000:.0f} ms",
            f"{60 * row['count'] / row['verdict']:.0f}",
            f"{row['cpu']:.2f}",
        )
    console.print(table)
    cold = figures["cold"]
    console.print(f"the first job of a new stack, {parallelism} waiting tests: verdict after {cold['verdict']:.1f} s")
    for row in figures["megabytes"]:
        console.print(f"20 tests with {row['megabytes']} MB each: end to report {row['merging'] * 1000:.0f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
