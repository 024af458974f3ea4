"""Which sandbox this machine allows. Nothing is assumed: kernels, their settings and the containers we may be in differ, so it is tried."""

import json
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

from matinee.model.egress import Egress, Place
from matinee.runner.process import Supervised
from matinee.runner.sandbox import Sandbox, bubblewrap

logger = logging.getLogger(__name__)

_MEMORY_BYTES = 1 << 30
_SECONDS = 10.0
#: What a script may use, seen from within: whether a file of its own can be made, whether filters are there, and where it may connect to.
_LOOK = """
const fs = require('node:fs');
const net = require('node:net');
const [folder, ...ports] = process.argv.slice(1);
fs.writeFileSync(`${folder}/probe`, '');
const connect = port => new Promise(done => net.connect(port, '127.0.0.1', () => done('connected')).on('error', error => done(error.code)));
const filters = /^Seccomp_filters:\\t(\\d+)/m.exec(fs.readFileSync('/proc/self/status'))?.[1];  // since Linux 5.9
Promise.all(ports.map(connect)).then(connected => {
  console.log(JSON.stringify({ filters: Number(filters ?? 0), connected }));
  process.exit();
});
"""


def choose(wanted: str, *, runtime: Path) -> Sandbox:
    """Choose the sandbox: `auto` takes the best that works here; a name insists on it. `runtime` is what runs in it.

    Raises:
        ValueError: if `wanted` is unknown, or is insisted on and does not work here.
    """
    if wanted not in {"auto", "bubblewrap", "uid", "none"}:
        raise ValueError(f"MATINEE_SANDBOX is {wanted!r}; it may be auto, bubblewrap, uid or none")
    for sandbox in _kinds():
        if wanted in {"auto", sandbox.kind} and (found := _works_best(sandbox, runtime)):
            return found
    if wanted in {"auto", "none"}:
        return Sandbox(kind="none")
    raise ValueError(f"MATINEE_SANDBOX is {wanted}, but it does not work here: see docs/security.md")


def _kinds() -> Iterator[Sandbox]:
    """Give the kinds that may work here, the best first."""
    if sys.platform == "linux":
        # One uid a worker process: limits on processes count by uid, and workers must not eat each other's.
        uid = 64_000 + os.getpid() % 1000 if os.geteuid() == 0 else None
        if bubblewrap() is not None:
            yield Sandbox(kind="bubblewrap", uid=uid)
        if uid is not None:
            yield Sandbox(kind="uid", uid=uid)
        yield Sandbox(kind="none")


def _works_best(sandbox: Sandbox, runtime: Path) -> Sandbox | None:
    """Give `sandbox` with as many filters as work; None if it does not even work without."""
    if _works(best := replace(sandbox, gated=True, hardened=True), runtime):
        return best
    if not _works(sandbox, runtime):
        return None
    others = [replace(sandbox, gated=True), replace(sandbox, hardened=True)]
    return next((other for other in others if _works(other, runtime)), sandbox)


@cache
def _works(sandbox: Sandbox, runtime: Path) -> bool:
    """Let Node look from within, as a script would."""
    folder = Path(tempfile.mkdtemp(prefix="matinee-probe-"))
    try:
        sandbox.lay_out(folder, runtime)
        with closing(_server()) as open_to_it, closing(_server()) as closed_to_it:
            ports = [server.getsockname()[1] for server in (open_to_it, closed_to_it)]
            seen = _seen(sandbox, runtime, folder, ports)
    except OSError as error:
        logger.info("no %s here: %s", sandbox, error)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    expected = _filters() + sandbox.gated + sandbox.hardened
    return seen == {"filters": expected, "connected": ["connected", "EACCES" if sandbox.gated else "connected"]}


def _seen(sandbox: Sandbox, runtime: Path, folder: Path, ports: list[int]) -> object:
    inside = str(sandbox.inside(folder))
    program = Supervised(
        sandbox.command(
            [str(runtime / "bin" / "node"), "-e", _LOOK, inside, *map(str, ports)], folder=folder, runtime=runtime
        ),
        env={"PATH": os.defpath, "HOME": inside},
        cwd=Path("/"),
        bounds=sandbox.bounds(memory_bytes=_MEMORY_BYTES, egress=Egress(own=(Place(None, port=ports[1]),))),
    )
    try:
        program.go(seconds=_SECONDS)
        said = program.stdout.read()
        program.wait()
    finally:
        program.close()
    try:
        return json.loads(said)
    except ValueError:
        logger.info("no %s here: %s", sandbox, said.decode(errors="replace")[:500])
        return None


def _server() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _filters() -> int:
    """Count the filters that this process has itself."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^Seccomp_filters:\t(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else 0
