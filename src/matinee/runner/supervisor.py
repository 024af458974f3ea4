"""Start one program, watch over all that descends from it, and leave none of it alive.

Runs as a process of its own between a worker and a script (runner/process.py starts it), stdlib only, so that it starts
fast. It is a *child subreaper* (prctl(2)): whatever a script detaches is re-parented to it, not to init, so it can be found and
killed; a process group would not do, since `spawn(detached)` and Chromium leave theirs. In a sandbox with a PID namespace
the kernel does the same once more.

SPEC is JSON, the last three being inherited file descriptors for the program's 0, 1+2 and 3:

    {argv, env, cwd, rlimits: {name: n}, memory_bytes, disk_bytes, folder, uid, egress, hardened, stdin, stdout, progress}

`egress` has the fields of model.egress.Egress, or is null where connections are not watched over (gate.py); `uid` is whom the program will be, if not
us; `hardened` is `here`, `inside` (the program gets what to apply, later, on descriptor 4), or null (bpf.py); `folder` is whose disk space is limited.
Standard input takes commands, a line each, and standard output gets one JSON line for each:

    go SECONDS  watch from now on, and kill after so long: `{}`, once it is known what was there before
    rest [PID]  the program goes on, and so does the process that it knows by this number, with all below that; but nothing
                else that began after `go`, or was kept so before: `{peak_bytes, seconds, refused, refused_to}`, once that is gone
    kill WHY    as does the end of standard input, which means that the worker is gone

and one at the end: `{exit, signal, killed, peak_bytes, seconds, refused, refused_to}`; `killed` is null, `deadline`, `memory`, `disk`, or the WHY;
`refused` counts connections that were, and `refused_to` has the first few of their addresses and ports.
"""

import fcntl
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from matinee.model.egress import Egress, Place
from matinee.runner import bpf, kernel, tree
from matinee.runner.gate import Gate
from matinee.runner.held import Disk, memory

#: Where a program that is to apply a filter by itself finds it.
FILTER_FD = 4
_WATCH_SECONDS = 0.2
_CANNOT_START = 127


def main() -> None:
    """Supervise what SPEC names, until nothing of it is left."""
    spec = json.loads(sys.argv[1])
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # our environment and memory are nobody's business, not even our own uid's
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group; the worker decides for us
    child, gate = _start(spec)
    for fd in (spec["stdin"], spec["stdout"], spec["progress"]):
        os.close(fd)  # theirs alone, so that the worker hears of their end at once
    outcome = _watch(child, _Watch(spec, gate))
    tree.kill_all()
    _say(outcome)
    os._exit(0)  # nothing is left to tidy up, and the verdict waits for our end


def _start(spec: dict[str, Any]) -> tuple[int, Gate | None]:
    """Start the program, and stand at its gate before it begins."""
    told, tell = os.pipe()
    wait, let = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(let)
            _become(spec, tell=tell, wait=wait)
        except OSError as error:
            os.write(2, f"{spec['argv'][0]}: {error}\n".encode())
        finally:
            os._exit(_CANNOT_START)
    os.close(tell)
    listener = os.read(told, 16)
    gate = None
    if listener:
        process = kernel.open_pid(child)
        gate = Gate(kernel.take(process, int(listener)), _egress(spec["egress"]), uid=spec["uid"])
        gate.open()
        os.close(process)
    for fd in (told, wait, let):
        os.close(fd)
    return child, gate


def _become(spec: dict[str, Any], *, tell: int, wait: int) -> None:
    """Turn this process into the program."""
    os.setsid()
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGPIPE,
        signal.SIGXFSZ,
    ):  # Python ignores the last two
        signal.signal(number, signal.SIG_DFL)
    for name, most in spec["rlimits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))
    mapped = {spec["stdin"]: 0, spec["stdout"]: 1, spec["progress"]: 3}
    if spec["hardened"] == "inside":
        program, write = os.pipe()
        os.write(write, bpf.hardening())
        mapped[program] = FILTER_FD
    elif spec["hardened"] == "here":
        kernel.filter_calls(bpf.hardening(), listen=False)
    if spec["egress"] is not None:
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or our parent, who may have no rights, could not take the listener
        os.write(tell, str(kernel.filter_calls(bpf.connects(), listen=True)).encode())
        os.close(tell)
        os.read(wait, 1)
    # First all out of the way, then into place: a source may have another one's number.
    high = {target: fcntl.fcntl(source, fcntl.F_DUPFD, 10) for source, target in mapped.items()}
    for target, fd in high.items():
        os.dup2(fd, target)
    os.dup2(1, 2)
    os.closerange(max(high) + 1, 256)
    os.chdir(spec["cwd"])
    os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606  we are that process


def _egress(fields: list[list[list[Any]]]) -> Egress:
    return Egress(*(tuple(Place(*place) for place in places) for places in fields))


def _watch(child: int, watch: "_Watch") -> dict[str, Any]:
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    exited = os.pidfd_open(child)
    poll.register(exited, select.POLLIN)
    killed: str | None = None
    while killed is None:
        # Before `go` nothing of a user's runs, and an idle process should cost nothing.
        ready = {fd for fd, _ in poll.poll(None if watch.deadline is None else _WATCH_SECONDS * 1000)}
        if exited in ready:
            break
        for command in _commands() if ready else []:
            word, _, rest = command.partition(" ")
            if word == "go":
                watch.go(float(rest))
            elif word == "rest":
                watch.rest(int(rest) if rest else None)
            else:
                killed = rest or "worker_gone"
        killed = killed or watch.exceeded()
    if killed is not None:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {
        "exit": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "killed": killed,
        **watch.told(),
    }


class _Watch:
    """What is watched from `go` on."""

    def __init__(self, spec: dict[str, Any], gate: Gate | None) -> None:
        self.deadline: float | None = None  #: on the monotonic clock; None where nothing of a user's runs
        self._memory_bytes: int = spec["memory_bytes"]
        self._disk = Disk(spec["folder"], spec["disk_bytes"])
        self._gate = gate
        self._began = time.monotonic()
        self._peak = 0
        self._before: set[tree.Born] = set()
        self._kept: set[tree.Born] = set()
        self._foreign: set[str] = set()

    def go(self, seconds: float) -> None:
        self._before = set(tree.descendants()) - self._kept
        self._peak = 0
        self._disk.begin()
        if self._gate:
            self._gate.refused()  # what was before is nobody's
        self._began = time.monotonic()
        self.deadline = self._began + seconds
        _say({})

    def rest(self, kept: int | None) -> None:
        """Kill what began after `go`, and what was kept the last time, but for the process `kept` and all below it."""
        self.deadline = None
        top = next((pid for pid, _ in tree.descendants() if kept and tree.inner(pid) == kept), None)
        while strays := self._strays(top):
            for pid, _ in strays:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with suppress(ChildProcessError):  # most are their parents' to reap
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(tree.KILL_SECONDS)
        _say(self.told())

    def _strays(self, top: int | None) -> list[tree.Born]:
        processes = tree.processes()
        kept = tree.below(processes, top) if top else {}
        self._kept = {born for born in tree.below(processes, os.getpid()) if born in kept or born[0] == top}
        return [born for born in tree.alive(processes) if born not in self._before | self._kept]

    def exceeded(self) -> str | None:
        """Look what is held now, and tell which limit that exceeds."""
        if self.deadline is None:
            return None
        held = memory(self._foreign, self._memory_bytes)
        self._peak = max(self._peak, held)
        if held > self._memory_bytes:
            return "memory"
        if self._disk.exceeded():
            return "disk"
        return "deadline" if time.monotonic() > self.deadline else None

    def told(self) -> dict[str, Any]:
        count, refused = self._gate.refused() if self._gate else (0, [])
        return {
            "peak_bytes": self._peak,
            "seconds": time.monotonic() - self._began,
            "refused": count,
            "refused_to": refused,
        }


def _say(document: dict[str, Any]) -> None:
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(document).encode() + b"\n")


def _commands() -> list[str]:
    """Read what the worker says; the end of the pipe is a command too."""
    said = os.read(0, 4096).decode()
    return said.splitlines() if said else ["kill worker_gone"]
