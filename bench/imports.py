"""How long does a function load before its first event? Each bundle, unpacked, in a Python that finds nothing else: compiled ahead, and from source.

Lambda's code cannot be written to, so what was not compiled when the bundle was made is compiled at each cold start. The machine is shared and noisy:
read the ratios, and the minima. Built for the Python that runs this, which may be another than Lambda's.

    python -m bench.imports [--rounds 5]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.build.bundles import build

#: What Lambda, or the web adapter, loads of each bundle.
ENTRIES = {
    "submit": ("functions.submit.handler", "functions.submit.scheduled"),
    "plan_job": ("functions.plan_job.handler",),
    "track_runs": ("functions.track_runs.handler",),
    "status_stream": ("functions.status_stream.app",),
    "report_proxy": ("functions.report_proxy.app",),
    "sweep": ("functions.sweep.handler",),
    "dispatch_test": ("functions.dispatch_test.handler",),
    "migrate": ("functions.migrate.handler",),
}
_LOAD = """
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
__import__(sys.argv[2])
print(time.perf_counter() - began, len(sys.modules))
"""


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    table = Table("loads", "modules", "MB zipped", "compiled ahead", "from source", "ratio")
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as scratch:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        for bundle in build(python=version):
            folder = Path(scratch, bundle.name)
            with zipfile.ZipFile(bundle.file) as packed:
                packed.extractall(folder)
            for module in ENTRIES[bundle.name]:
                ahead, source, modules = _measure(folder, module, rounds)
                size = f"{bundle.file.stat().st_size / 1e6:.1f}"
                table.add_row(
                    module, str(modules), size, _told(ahead), _told(source), f"{min(ahead) / min(source):.2f}"
                )
    Console().print(table)
    return 0


def _measure(folder: Path, module: str, rounds: int) -> tuple[list[float], list[float], int]:
    """Load in turns with what is compiled and without; give both times in seconds, and how many modules there are then."""
    ahead, source, modules = [], [], 0
    nowhere = ["-X", "pycache_prefix=/nonexistent"]
    for _ in range(rounds):
        for times, how in ((ahead, []), (source, nowhere)):
            argv = [sys.executable, "-I", "-S", "-B", *how, "-c", _LOAD, str(folder), module]
            told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
            times.append(float(told[0]))
            modules = int(told[1])
    return ahead, source, modules


def _told(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f} ms (from {min(times) * 1000:.0f})"


if __name__ == "__main__":
    raise SystemExit(main())
