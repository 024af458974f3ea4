"""Build the web UI into dist/, unless it is there already: `python web/build.py`.

Everything comes from npm through package-lock.json, checked by hash; Node is the one of the PyPI wheel. No package's own scripts are run.
What is built depends on the files of this folder and on openapi.json, from which the client's types are generated; nothing else.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
_PACKAGES = HERE / "node_modules"
_STAMP = ".built"
_STEP_SECONDS = 900
_SOURCES = ("src", "public", "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts")


class BuildError(Exception):
    """The UI cannot be built; the message says what to do."""


def ensure() -> Path:
    """Install the packages and build, each only if what it is made of has changed; give the folder with the page.

    Raises:
        BuildError: if a step fails; what was built before is untouched.
    """
    with (HERE / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install()
        wanted = _digest(_sources())
        if _said(DIST) != wanted:
            _build(wanted)
    return DIST


def install() -> None:
    """Install the packages of package-lock.json, unless they are there."""
    wanted = _digest([HERE / "package-lock.json"])
    if _said(_PACKAGES) == wanted:
        return
    _say("packages from npm")
    shutil.rmtree(_PACKAGES, ignore_errors=True)
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    (_PACKAGES / _STAMP).write_text(wanted)


def _build(wanted: str) -> None:
    started = time.monotonic()
    fresh = HERE / "dist.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _npm("run", "--silent", "types")
        _npm("exec", "--", "vite", "build", "--outDir", str(fresh), "--emptyOutDir", "--logLevel", "error")
        (fresh / _STAMP).write_text(wanted)
        shutil.rmtree(DIST, ignore_errors=True)
        fresh.rename(DIST)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _say(f"built in {time.monotonic() - started:.0f} s")


def _sources() -> Iterator[Path]:
    for name in _SOURCES:
        path = HERE / name
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    yield HERE.parent / "openapi.json"


def _digest(files: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        if path.name != "schema.d.ts":  # generated, from openapi.json
            digest.update(f"{path.relative_to(HERE.parent)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _said(folder: Path) -> str:
    stamp = folder / _STAMP
    return stamp.read_text() if stamp.exists() else ""


def _npm(*arguments: str) -> None:
    """Run npm; show what it says only if it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise BuildError("npm is not here: it comes with the Python packages, by `make setup`.")
    done = subprocess.run(
        [npm, *arguments],
        cwd=HERE,
        env={**os.environ, "PATH": path, "NODE_DISABLE_COMPILE_CACHE": "1"},  # npm keeps one in /tmp
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_STEP_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"`npm {' '.join(arguments)}` failed:\n{done.stdout.strip()}")


def _say(what: str) -> None:
    sys.stderr.write(f"  web: {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        ensure()
    except BuildError as error:
        raise SystemExit(f"matinee: {error}") from error
