"""The report step: the slim blobs of a run become its HTML report, `junit.xml` and `results.json`.

Playwright's own merge and reporters do it (layers/playwright/runner/merge.cjs), in a process that never runs a user's code but reads what users
wrote; so each report gets a process of its own, in the sandbox that scripts get, and it is loaded before it is needed.
"""

import json
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from matinee.model.egress import NOTHING
from matinee.runner.process import Supervised
from matinee.runner.slim import Slim, lines, unpack
from matinee.runner.told import Told, documents
from matinee.runner.warm import Place

logger = logging.getLogger(__name__)

_SECONDS = 120.0
#: Of all events together, in bytes: beyond it only what is told of a test gets into the report.
_MOST_BYTES = 256 << 20
_HEAP_SHARE = 0.75


@dataclass(frozen=True)
class Part:
    """One test of a report."""

    told: Told
    blob: bytes | None  #: its slim blob, if it left one


class ReportStep:
    """Makes reports, each in a process that was started ahead. Safe for threads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: _Process | None = None
        self._lock = Lock()

    def warm(self) -> None:
        """Have a process ready for the next report; costs nothing where one is."""
        with self._lock:
            if self._waiting and not self._waiting.alive:
                self._waiting.close()
                self._waiting = None
            self._waiting = self._waiting or _Process(self._place)

    @property
    def folder(self) -> Path | None:
        """The folder of the process that waits."""
        return self._waiting.folder if self._waiting else None

    def distrust(self) -> None:
        """Give up what waited while a script ran, if that could reach it: it may make another run's report."""
        if self._place.sandbox.kind != "bubblewrap":
            self.close()

    def close(self) -> None:
        """End the waiting process."""
        with self._lock:
            if self._waiting:
                self._waiting.close()
                self._waiting = None

    @contextmanager
    def making(self, title: str, parts: Sequence[Part]) -> Iterator[Callable[[], Path | None]]:
        """Begin to make the report of a run; what is given waits for its folder, None where none could be made.

        The folder has all that lies below a run's `report/`, but for the blobs' resources, and goes with the context.
        """
        with ExitStack() as used, ThreadPoolExecutor(1) as pool:
            yield pool.submit(self._make, title, parts, used).result

    def _make(self, title: str, parts: Sequence[Part], used: ExitStack) -> Path | None:
        # A script can write into its blob what no merge survives. The others' results are worth a report all the same.
        for taken in (parts, [replace(part, blob=None) for part in parts]):
            process = self._take()
            used.callback(process.close)
            if made := process.make(title, taken):
                return made
        return None

    def _take(self) -> "_Process":
        with self._lock:
            process, self._waiting = self._waiting, None
        if process and not process.alive:  # an idle one may have been killed for the machine's memory
            process.close()
            process = None
        return process or _Process(self._place)


class _Process:
    """A loaded merge, and the folder that it reads and writes."""

    def __init__(self, place: Place) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="matinee-report-"))
        self._sandbox = place.sandbox
        for name in ("blobs", "sources"):
            (self.folder / name).mkdir()
        self._sandbox.lay_out(self.folder, place.runtime)
        heap = f"--max-old-space-size={int(place.memory_bytes * _HEAP_SHARE) >> 20}"
        argv = [str(place.runtime / "bin" / "node"), heap, str(place.runtime / "runner" / "merge.cjs")]
        try:
            self._process = Supervised(
                self._sandbox.command(argv, folder=self.folder, runtime=place.runtime),
                env=_environment(place, self.folder),
                cwd=Path("/"),
                bounds=self._sandbox.bounds(memory_bytes=place.memory_bytes, egress=NOTHING),
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def alive(self) -> bool:
        return self._process.alive

    def make(self, title: str, parts: Sequence[Part]) -> Path | None:
        self._write(title, parts)
        self._process.go(seconds=_SECONDS)
        self._process.stdout.read()
        ending = self._process.wait()
        made = self.folder / "report" / "html"
        if ending.exit != 0 or not (made / "index.html").is_file():
            logger.warning("no report of %d tests: exit %s, killed %s", len(parts), ending.exit, ending.killed)
            return None
        # The trace viewer is the same for every report of one Playwright; report_proxy serves the stack's own copy.
        shutil.rmtree(made / "trace", ignore_errors=True)
        for name in ("junit.xml", "results.json"):
            (made.parent / name).rename(made / name)
        return made

    def close(self) -> None:
        self._process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, title: str, parts: Sequence[Part]) -> None:
        names = _names([part.told.title for part in parts])
        left = _MOST_BYTES
        # One zip for all: to Playwright each `.jsonl` in it is a blob of its own, taken in the order of their names.
        with zipfile.ZipFile(self.folder / "blobs" / "all.zip", "w") as archive:
            for number, part in enumerate(parts):
                slim = _slim(part, left)
                left -= len(slim.report)
                archive.writestr(f"{number:06}.jsonl", slim.report)
                (self.folder / "sources" / str(number)).write_bytes(slim.source or b"")
        run = {"title": title, "tests": [{"name": name} for name in names]}
        (self.folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        self._sandbox.own(self.folder)


def _slim(part: Part, most: int) -> Slim:
    """Give what gets into the report: the test's own blob, unless it is none, too large, or of another mind than the verdict."""
    try:
        slim = unpack(part.blob, most=most) if part.blob else None
    except ValueError:
        slim = None
    if slim and slim.good == part.told.good:
        return slim
    return Slim(lines(documents(part.told)), part.told.good, slim.source if slim else None)


def _names(titles: Sequence[str]) -> list[str]:
    """Make file names of titles, that is, what a report lists: no two the same, none that leads elsewhere."""
    names: dict[str, None] = {}
    for title in titles:
        plain = "/".join(segment for segment in title.split("/") if segment.strip(".")) or "test"
        number, name = 1, plain
        while name in names:
            number += 1
            name = f"{plain} ({number})"
        names[name] = None
    return list(names)


def _environment(place: Place, folder: Path) -> dict[str, str]:
    """All that the process sees of an environment."""
    inside = place.sandbox.inside(folder)
    return {
        "PATH": os.pathsep.join([str(place.runtime / "bin"), "/usr/bin", "/bin"]),
        "HOME": str(inside),
        "LANG": "C.UTF-8",
        "CI": "1",
        "MATINEE_RUN_DIR": str(inside),
        "PWTEST_CACHE_DIR": str(inside / ".compiled"),
        "NODE_COMPILE_CACHE": str(place.sandbox.code_cache(folder, place.runtime)),
    }
