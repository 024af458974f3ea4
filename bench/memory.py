"""How much memory shall run_test have? It decides how much CPU: a run at the quotas of several sizes, its time and its price.

One worker of run_test is put under a CPU quota, with all that it starts, and gets one test after another: the next order comes as soon as the answer
is there, as to an environment that Lambda freezes in between, so what loads for the next script does so in that one's time. A run is the example,
with its trace, screenshots, report and uploads; the time is the handler's, from event to answer, which is what Lambda bills. Sizes take turns.

Needs Linux, root and a `cpu` hierarchy of cgroups v1 in /sys/fs/cgroup. The machine is shared and noisy: read the ratios, and the minima.

    python -m bench.memory [--rounds 5] [--runs 4] [--json FILE]
"""

import argparse
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.aftermath import descendants
from bench.latency import SPEC
from local.options import Options
from local.stack import Stack
from matinee.model.script import Language
from matinee.model.work import TestOrder

EXAMPLE = Path("examples/shop.spec.ts")
#: MB, and the CPUs that they come with: 1,769 MB have one (AWS Lambda's Developer Guide, "Configure Lambda function memory").
SIZES = {mb: mb / 1769 for mb in (1769, 2048, 3008, 3538)}
#: Dollars, x86 in us-east-1, 2026-11: a GB-second, a request, and a GB-second of /tmp beyond 512 MB.
GB_SECOND, REQUEST, STORED_GB_SECOND = 0.0000166667, 0.0000002, 0.0000000309
STORED_GB = (2048 - 512) / 1024
_HIERARCHY = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 100_000


class Quota:
    """A control group whose processes, and their children, share so many CPUs."""

    def __init__(self) -> None:
        self._group = _HIERARCHY / f"matinee-{os.getpid()}"
        self._group.mkdir()
        self._set("cpu.cfs_period_us", _PERIOD_US)

    def hold(self, pid: int) -> None:
        """Put a process and all of its descendants into it."""
        for each in (pid, *descendants(pid)):
            self._set("cgroup.procs", each)

    def allow(self, cpus: float) -> None:
        """Let them have so many CPUs from now on."""
        self._set("cpu.cfs_quota_us", round(cpus * _PERIOD_US))

    def close(self) -> None:
        """Remove it, once nobody is in it any more."""
        deadline = time.monotonic() + 10
        while (self._group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        self._group.rmdir()

    def _set(self, name: str, value: int) -> None:
        (self._group / name).write_text(str(value))


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=4, help="in a row at one size; the first of them is not counted")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not (_HIERARCHY / "cpu.cfs_quota_us").exists() and not os.access(_HIERARCHY, os.W_OK):
        parser.error("there is no hierarchy of cgroups v1 for CPUs that we may write to")
    with _worker() as (run, allow):
        figures = measure(run, allow, rounds=options.rounds, runs=options.runs)
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


def measure(
    run: Callable[[str], float], allow: Callable[[float], None], *, rounds: int, runs: int
) -> dict[str, dict[int, list[float]]]:
    """Give the seconds of each run, by script and by size."""
    scripts = {"one click": SPEC, "the example": EXAMPLE.read_text()}
    figures: dict[str, dict[int, list[float]]] = {name: {mb: [] for mb in SIZES} for name in scripts}
    for script in scripts.values():
        run(script)
    for _ in range(rounds):
        for mb, cpus in SIZES.items():
            allow(cpus)
            for name, script in scripts.items():
                figures[name][mb] += [run(script) for _ in range(runs)][1:]
    return figures


@contextmanager
def _worker() -> Iterator[tuple[Callable[[str], float], Callable[[float], None]]]:
    """Give what runs a script in a worker of run_test, and what changes the CPUs of that worker."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        stack = Stack(Options(home=Path(folder), port=0, workers=1))
        stack.start()
        quota = Quota()
        try:
            dispatcher = stack.aws.dispatcher
            while not (pids := dispatcher.pids()["run_test"]):
                time.sleep(0.1)
            dispatcher.invoke("run_test", _event(SPEC))  # it is loaded then, with all that it keeps ready
            quota.hold(pids[0])

            def run(script: str) -> float:
                event = _event(script)
                began = time.perf_counter()
                answer = dispatcher.invoke("run_test", event)
                if answer["batchItemFailures"]:
                    raise SystemExit("run_test wants its message back; the log is gone with the stack")
                return time.perf_counter() - began

            yield run, quota.allow
        finally:
            stack.stop()
            quota.close()


def _event(script: str) -> dict[str, Any]:
    """Compose what SQS would hand over for a script of nobody's run: what is told of it reaches the live table, and ends there."""
    run_id = str(uuid.uuid4())
    order = TestOrder(
        workspace_id=str(uuid.uuid4()), run_id=run_id, test_id=run_id, title="bench", language=Language.TYPESCRIPT, module=False,
        script=script, timeout_seconds=60, retries=0,
    )  # fmt: skip
    arn = "arn:aws:sqs:us-east-1:000000000000:test-execution"
    record = {"messageId": run_id, "receiptHandle": "none", "body": order.model_dump_json(), "eventSourceARN": arn}
    return {"Records": [{**record, "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs"}]}


def dollars(mb: int, seconds: float) -> float:
    """Give what 1,000 invocations of that size and length cost."""
    return 1000 * (seconds * (mb / 1024 * GB_SECOND + STORED_GB * STORED_GB_SECOND) + REQUEST)


def show(figures: dict[str, dict[int, list[float]]]) -> None:
    """Print for each script what each size takes and costs."""
    for name, sizes in figures.items():
        first = statistics.median(sizes[min(sizes)])
        table = Table("MB", "CPUs", "median", "min-max", "of the smallest", "1,000 runs", title=name)
        for mb, took in sizes.items():
            middle = statistics.median(took)
            spread = f"{min(took):.2f}-{max(took):.2f}"
            row = (f"{middle:.2f} s", spread, f"{middle / first:.2f}", f"${dollars(mb, middle):.3f}")
            table.add_row(f"{mb:,}", f"{SIZES[mb]:.2f}", *row)
        Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main())
