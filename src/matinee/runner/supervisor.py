"""Start one program, watch over all that descends from it, and leave none of it alive.

Runs as a process of its own between a worker and a script (`python -I -S supervisor.py SPEC`), stdlib only, so that it starts
fast. It is a *child subreaper* (prctl(2)): whatever a script detaches is re-parented to it, not to init, so it can be found and
killed; a process group would not do, since `spawn(detached)` and Chromium leave theirs. In a sandbox with a PID namespace
the kernel does the same once more.

SPEC is JSON: `{argv, env, cwd, rlimits: {name: n}, memory_bytes, stdin, stdout, progress}`, the last three being inherited file
descriptors for the program's 0, 1+2 and 3. Standard input takes commands, a line each, and standard output gets one JSON line for each:

    go SECONDS  watch from now on, and kill after so long: `{}`, once it is known what was there before
    rest [PID]  the program goes on, and so does the process that it knows by this number, with all below that; but nothing
                else that began after `go`, or was kept so before: `{peak_bytes, seconds}`, once that is gone
    kill WHY    as does the end of standard input, which means that the worker is gone

and one at the end: `{exit, signal, killed, peak_bytes, seconds}`; `killed` is null, `deadline`, `memory`, or the WHY.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_WATCH_SECONDS = 0.2
_KILL_SECONDS = 0.002
_PAGE = os.sysconf("SC_PAGE_SIZE")

_Born = tuple[int, bytes]  # a process: its pid, and when it began, for numbers come again
_Process = tuple[int, _Born, bytes]  # its parent's pid, itself, and its state, a letter (proc(5))


def main() -> None:
    """Supervise what SPEC names, until nothing of it is left."""
    spec = json.loads(sys.argv[1])
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_DUMPABLE, 0)  # our environment and memory are nobody's business, not even our own uid's
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C reaches the whole group; the worker decides for us
    child = _start(spec)
    for fd in (spec["stdin"], spec["stdout"], spec["progress"]):
        os.close(fd)  # theirs alone, so that the worker hears of their end at once
    outcome = _watch(child, spec["memory_bytes"])
    _kill_all()
    _say(outcome)
    os._exit(0)  # nothing is left to tidy up, and the verdict waits for our end


def _start(spec: dict[str, Any]) -> subprocess.Popen[bytes]:
    mapped = {spec["stdin"]: 0, spec["stdout"]: 1, spec["progress"]: 3}

    def prepare() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for name, most in spec["rlimits"].items():
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            value = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (value, value))
        # First all out of the way, then into place: a source may have another one's number.
        high = {target: fcntl.fcntl(source, fcntl.F_DUPFD, 10) for source, target in mapped.items()}
        for target, fd in high.items():
            os.dup2(fd, target)
        os.dup2(1, 2)
        os.closerange(4, 256)

    return subprocess.Popen(
        spec["argv"],
        env=spec["env"],
        cwd=spec["cwd"],
        preexec_fn=prepare,  # noqa: PLW1509  # safe here: this process has one thread
        close_fds=False,
        start_new_session=True,
    )


def _watch(child: subprocess.Popen[bytes], memory_bytes: int) -> dict[str, Any]:
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    exited = os.pidfd_open(child.pid)
    poll.register(exited, select.POLLIN)
    watch = _Watch(memory_bytes)
    killed: str | None = None
    while killed is None and child.poll() is None:
        # Before `go` nothing of a user's runs, and an idle process should cost nothing.
        poll.poll(None if watch.deadline is None else _WATCH_SECONDS * 1000)
        for command in _commands(poll):
            word, _, rest = command.partition(" ")
            if word == "go":
                watch.go(float(rest))
            elif word == "rest":
                watch.rest(int(rest) if rest else None)
            else:
                killed = rest or "worker_gone"
        killed = killed or watch.exceeded()
    if killed is not None:
        child.kill()
    code = child.wait()
    return {
        "exit": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "killed": killed,
        **watch.told(),
    }


class _Watch:
    """What is watched from `go` on."""

    def __init__(self, memory_bytes: int) -> None:
        self.deadline: float | None = None  #: on the monotonic clock; None where nothing of a user's runs
        self._memory_bytes = memory_bytes
        self._began = time.monotonic()
        self._peak = 0
        self._before: set[_Born] = set()
        self._kept: set[_Born] = set()
        self._foreign: set[str] = set()

    def go(self, seconds: float) -> None:
        self._before = set(_descendants()) - self._kept
        self._peak = 0
        self._began = time.monotonic()
        self.deadline = self._began + seconds
        _say({})

    def rest(self, kept: int | None) -> None:
        """Kill what began after `go`, and what was kept the last time, but for the process `kept` and all below it."""
        self.deadline = None
        top = next((pid for pid, _ in _descendants() if kept and _inner(pid) == kept), None)
        while strays := self._strays(top):
            for pid, _ in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):  # most are their parents' to reap
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(_KILL_SECONDS)
        _say(self.told())

    def _strays(self, top: int | None) -> list[_Born]:
        processes = _processes()
        tree = _below(processes, top) if top else {}
        self._kept = {born for born in _below(processes, os.getpid()) if born in tree or born[0] == top}
        return [born for born in _alive(processes) if born not in self._before | self._kept]

    def exceeded(self) -> str | None:
        """Look what is held now, and tell which limit that exceeds."""
        if self.deadline is None:
            return None
        held = _memory(self._foreign)
        self._peak = max(self._peak, held)
        if held > self._memory_bytes:
            return "memory"
        return "deadline" if time.monotonic() > self.deadline else None

    def told(self) -> dict[str, Any]:
        return {"peak_bytes": self._peak, "seconds": time.monotonic() - self._began}


def _say(document: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(document).encode() + b"\n")


def _commands(poll: select.poll) -> list[str]:
    """Read what the worker says; the end of the pipe is a command too."""
    if not any(fd == 0 for fd, _ in poll.poll(0)):
        return []
    said = os.read(0, 4096).decode()
    return said.splitlines() if said else ["kill worker_gone"]


def _descendants(foreign: set[str] | None = None) -> dict[_Born, bytes]:
    """Map everything below us to its state.

    Who looks again and again passes the same set, which gets the processes that are not ours, and whose children never will be.
    """
    names = _names()
    if foreign is not None:
        foreign &= names
        names -= foreign
    found = _processes(names)
    if foreign is not None:
        # By what is known of their parents only: one whose parent ended as we looked may be ours.
        theirs = {str(pid) for pid, (parent, _, _) in found.items() if parent == 0 or str(parent) in foreign}
        foreign |= theirs - {str(os.getpid())}
    return _below(found, os.getpid())


def _processes(names: Iterable[str] | None = None) -> dict[int, _Process]:
    """Read of those processes, or of all there are, who they are, whose child, and in what state."""
    found: dict[int, _Process] = {}
    for name in _names() if names is None else names:
        with contextlib.suppress(OSError):  # it may have ended since
            stat = _read(f"/proc/{name}/stat").rpartition(b")")[2].split(None, 20)
            found[int(name)] = (int(stat[1]), (int(name), stat[19]), stat[0])
    return found


def _names() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208  a Path for each costs more than all else


def _below(processes: dict[int, _Process], top: int) -> dict[_Born, bytes]:
    ours: dict[_Born, bytes] = {}
    level = {top}
    while level:
        below = [(born, state) for parent, born, state in processes.values() if parent in level]
        ours.update(below)
        level = {pid for (pid, _), _ in below}
    return ours


def _alive(processes: dict[int, _Process] | None = None) -> list[_Born]:
    below = _below(processes or _processes(), os.getpid())
    return [born for born, state in below.items() if state != b"Z"]


def _inner(pid: int) -> int | None:
    """Tell by which number a process knows itself: another one in a sandbox with a PID namespace."""
    with contextlib.suppress(OSError):
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"NSpid:"):
                return int(line.split()[-1])
    return None


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)


def _memory(foreign: set[str]) -> int:
    """Add up the private memory of everything below us, in bytes: resident less shared, so Chromium's code counts once at most."""
    total = 0
    for pid, _ in _descendants(foreign):
        with contextlib.suppress(OSError, ValueError):  # it may have ended since
            _, held, shared = (int(field) for field in _read(f"/proc/{pid}/statm").split()[:3])
            total += (held - shared) * _PAGE
    return total


def _kill_all() -> None:
    """Kill and reap until there is nobody left: what we see dying may fork once more."""
    while True:
        for pid, _ in _alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(_KILL_SECONDS)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
