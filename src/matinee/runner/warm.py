"""A run's folder with the process that waits for its scripts: Playwright's runner."""

import contextlib
import json
import os
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from matinee.model.egress import Egress
from matinee.model.run import RunKind
from matinee.model.script import file_name
from matinee.model.work import TestOrder
from matinee.runner.folders import remove
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
#: What Node and Playwright look for in a script's folder and then in all above, where somebody else may have left one.
_LOOKED_FOR = ("package.json", "tsconfig.json")
#: Room for what loading allocates: collecting it piecemeal is a fifth of a start (measured: 0.88 s of CPU without, 0.68 s with).
_YOUNG = "--min-semi-space-size=64"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and how scripts run on this machine."""

    runtime: Path  #: the pinned runtime (layers/playwright/install.py)
    sandbox: Sandbox
    memory_bytes: int  #: what the tree of one run may hold
    disk_bytes: int = 2 << 30  #: what it may have in its folder, and in file systems that are its alone
    egress: Egress = field(default_factory=Egress)  #: where it may connect to, as far as this machine can see to that
    tmp: Path | None = None  #: the folder for temporary files, where nobody else has any: what scripts leave there goes


class Warm:
    """One run's folder and processes, started ahead of it. A single test uses them once, a job's tests in turn."""

    def __init__(self, place: Place) -> None:
        self._base = Path(tempfile.mkdtemp(prefix="matinee-run-"))
        self._clean = weakref.finalize(self, remove, self._base)  # at our exit, too
        self._base.chmod(0o711)  # whoever is another uid gets at its own folder by name
        self.folder = self._base / "run"  #: the run's own; scripts may do in it what they like, at any time
        self._ours = self._base / "ours"  #: what no script gets at
        self.folder.mkdir(mode=0o700)
        self._ours.mkdir(mode=0o700)
        self.run_id: str | None = None  #: whose scripts have been in here, once there were any
        self._place = place
        self._tests = 0
        self._ready = False
        (self.folder / "node_modules").symlink_to(place.runtime / "node_modules")
        for name in _LOOKED_FOR:
            (self.folder / name).write_text("{}")
        self._stays = {*self.folder.iterdir(), *place.sandbox.lay_out(self.folder, place.runtime)}
        environment = _environment(
            place,
            place.sandbox.inside(self.folder),
            tmp=place.sandbox.tmp(self.folder),
            code_cache=place.sandbox.code_cache(self.folder, place.runtime),
        )
        try:
            self.host = self._start("host.cjs", environment)
        except BaseException:
            self._clean()
            raise

    @property
    def base(self) -> Path:
        """All that it has on disk."""
        return self._base

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

    def write(self, order: TestOrder, script: str, *, variables: Mapping[str, str], test_timeout_ms: int) -> None:
        """Put the script and its settings where the host will look, and nothing else.

        What a former test left behind may still be at work in the folder, and we may have more rights than it: so all is made out
        of its reach, and moved there as a whole.
        """
        self.run_id = order.run_id
        self._tests += 1
        for path in self.folder.iterdir():
            if path not in self._stays:
                remove(path)
        name = file_name(order.language, module=order.module)
        settings = {
            "file": name,
            "testTimeoutMs": test_timeout_ms,
            "retries": order.retries,
            "baseUrl": order.base_url,
            "variables": dict(variables),
            "video": _VIDEO[order.kind],
        }
        config = json.dumps(str(self._place.runtime / "runner" / "playwright.config.cjs"))
        made = self._ours / "test"
        (made / _CONFIG).parent.mkdir(parents=True)
        for file, content in (
            (name, script),
            ("settings.json", json.dumps(settings)),
            (_CONFIG, f"module.exports = require({config})({json.dumps(str(self.inside))});\n"),
        ):
            (made / file).write_text(content, encoding="utf-8")
        self._place.sandbox.own(made)
        made.rename(self.test_folder)

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

    def take(self, name: str) -> Path | None:
        """Take a file that the test left out of its reach, if it is a plain one.

        What a script leaves may be a link to somewhere else, which we could follow where it could not; and so may the folder that it lies in.
        """
        taken = self._ours / name
        remove(taken)
        try:
            folder = os.open(self.test_folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            os.rename(name, taken, src_dir_fd=folder)
        except OSError:
            return None
        finally:
            os.close(folder)
        return taken if taken.is_file() and not taken.is_symlink() else None

    def forget(self) -> None:
        """Remove what the last test left, and what was taken of it."""
        for path in (self.test_folder, *self._ours.glob("*")):
            remove(path)

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
            bounds=self._place.sandbox.bounds(
                memory_bytes=self._place.memory_bytes,
                disk_bytes=self._place.disk_bytes,
                folder=self.folder,
                egress=self._place.egress,
            ),
        )


def _environment(place: Place, inside: Path, *, tmp: Path, code_cache: Path) -> dict[str, str]:
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
        "NODE_COMPILE_CACHE": str(code_cache),
        "LD_LIBRARY_PATH": str(runtime / "lib"),
        "FONTCONFIG_FILE": str(runtime / "fonts" / "fonts.conf"),
    }
    with contextlib.suppress(KeyError):
        environment["TZ"] = os.environ["TZ"]
    return environment
