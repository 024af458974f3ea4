"""A run's folder with the process that waits for its scripts: Playwright's runner."""

import contextlib
import json
import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

from matinee.model.run import RunKind
from matinee.model.script import file_name
from matinee.model.work import TestOrder
from matinee.runner.process import Said, Supervised
from matinee.runner.sandbox import Sandbox

#: How much of a run's memory one process's JavaScript heap may take: beyond it V8 gives up by itself, and says so.
_HEAP_SHARE = 0.5
#: How long a host may take from one test to the next: it forks another worker process at the most.
_NEXT_SECONDS = 20.0
_READY = Said(printed=False, piece=b'{"type":"ready"}')
#: A job's tests do without: it costs a process that encodes, on every test, and their traces have pictures too.
_VIDEO = {RunKind.TEST: "retain-on-failure", RunKind.JOB: "on-first-retry"}
#: Where a test's folder has its config: what lies below a node_modules is not compiled, which had taken longer than all else in it.
_CONFIG = Path("node_modules", "playwright.config.cjs")
#: Room for what loading allocates: collecting it piecemeal is a fifth of a start (measured: 0.88 s of CPU without, 0.68 s with).
_YOUNG = "--min-semi-space-size=64"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how scripts run on this machine."""

    runtime: Path  #: the pinned runtime (layers/playwright/install.py)
    sandbox: Sandbox
    memory_bytes: int  #: what the tree of one run may hold


class Warm:
    """One run's folder and processes, started ahead of it. A single test uses them once, a job's tests in turn."""

    def __init__(self, place: Place) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="matinee-run-"))
        self._clean = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)  # at our exit, too
        self.run_id: str | None = None  #: whose scripts have been in here, once there were any
        self._place = place
        self._tests = 0
        self._ready = False
        (self.folder / "node_modules").symlink_to(place.runtime / "node_modules")
        tmp = place.sandbox.tmp(self.folder)
        tmp.mkdir(exist_ok=True)
        self._stays = {self.folder / "node_modules", tmp}
        place.sandbox.own(self.folder)
        environment = _environment(place, place.sandbox.inside(self.folder), tmp=tmp)
        try:
            self.host = self._start("host.cjs", environment)
        except BaseException:
            self._clean()
            raise

    @property
    def usable(self) -> bool:
        """Whether it still waits: an idle process may have been killed for the machine's memory."""
        return self.host.alive

    @property
    def test_folder(self) -> Path:
        """The folder of the test that is in here, or was last. Each has a name of its own: Node loads a file once."""
        return self.folder / str(self._tests)

    @property
    def inside(self) -> Path:
        """The same folder as its script sees it."""
        return self._place.sandbox.inside(self.folder) / str(self._tests)

    def takes(self, order: TestOrder) -> bool:
        """Whether `order` may run in here: nobody has, or only tests of its own run, which its processes outlived unharmed."""
        if self.run_id is None:
            return self.usable
        return (
            order.kind is RunKind.JOB
            and order.run_id == self.run_id
            and self.usable
            and self.ready(seconds=_NEXT_SECONDS)
        )

    def write(self, order: TestOrder, script: str, *, test_timeout_ms: int) -> None:
        """Put the script and its settings where the host will look, and nothing else."""
        self.run_id = order.run_id
        self._tests += 1
        for path in self.folder.iterdir():
            if path not in self._stays:
                _remove(path)
        (self.test_folder / _CONFIG).parent.mkdir(parents=True)
        name = file_name(order.language, module=order.module)
        settings = {
            "file": name,
            "testTimeoutMs": test_timeout_ms,
            "retries": order.retries,
            "baseUrl": order.base_url,
            "variables": order.variables,
            "video": _VIDEO[order.kind],
        }
        config = json.dumps(str(self._place.runtime / "runner" / "playwright.config.cjs"))
        for file, content in (
            (name, script),
            ("settings.json", json.dumps(settings)),
            (_CONFIG, f"module.exports = require({config})({json.dumps(str(self.inside))});\n"),
        ):
            (self.test_folder / file).write_text(content, encoding="utf-8")
        self._place.sandbox.own(self.folder)

    def go(self, *, seconds: float, keep: bool) -> None:
        """Let the host run what was written, for at most so long; with `keep`, for which it must be ready, it may stay for another."""
        self._ready = False
        self.host.go("go " + json.dumps({"config": str(self.inside / _CONFIG), "keep": keep}), seconds=seconds)

    def rest(self) -> None:
        """Let the host get ready for the next test."""
        self.host.ask("rest")

    def ready(self, *, seconds: float) -> bool:
        """Whether the host waits for its line, now or in so many seconds."""
        self._ready = self._ready or any(said == _READY for said in self.host.hear(seconds=seconds))
        return self._ready

    def file(self, name: str) -> Path | None:
        """Return a file that the run left, if it is a plain one.

        What a script leaves may be a link to somewhere else, which we could follow where it could not.
        """
        path = self.test_folder / name
        inside = path.resolve().is_relative_to(self.folder.resolve())
        return path if inside and path.is_file() and not path.is_symlink() else None

    def close(self) -> None:
        """Kill what is left, and remove the folder."""
        self.host.close()
        self._clean()

    def _start(self, name: str, environment: dict[str, str]) -> Supervised:
        runtime = self._place.runtime
        argv = [str(runtime / "bin" / "node"), _YOUNG, str(runtime / "runner" / name)]
        return Supervised(
            self._place.sandbox.command(argv, folder=self.folder, runtime=runtime),
            env=environment,
            cwd=Path("/"),
            memory_bytes=self._place.memory_bytes,
        )


def _environment(place: Place, inside: Path, *, tmp: Path) -> dict[str, str]:
    """All that a script's process sees of an environment; nothing of ours is passed on but the language and the time zone."""
    runtime = place.runtime
    environment = {
        "PATH": os.pathsep.join([str(runtime / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(inside),
        "TMPDIR": str(tmp),
        "LANG": "C.UTF-8",
        "CI": "1",
        "MATINEE_HEAP_MB": str(int(place.memory_bytes * _HEAP_SHARE) >> 20),
        "PLAYWRIGHT_BROWSERS_PATH": str(runtime / "browsers"),
        "PWTEST_CACHE_DIR": str(inside / ".compiled"),
        "NODE_COMPILE_CACHE": str(place.sandbox.code_cache(runtime)),
        "LD_LIBRARY_PATH": str(runtime / "lib"),
        "FONTCONFIG_FILE": str(runtime / "fonts" / "fonts.conf"),
    }
    with contextlib.suppress(KeyError):
        environment["TZ"] = os.environ["TZ"]
    return environment


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
