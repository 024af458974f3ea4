"""Start one program, watch over all that descends from it, and leave none of it alive.

Runs as a process of its own between a worker and a script (`python -I -S supervisor.py SPEC`), stdlib only, so that it starts
fast. It is a *child subreaper* (prctl(2)): whatever a script detaches is re-parented to it, not to init, so it can be found and
killed; a process group would not do, since `spawn(detached)` and Chromium leave theirs. In a sandbox with a PID namespace
the kernel does the same once more.

SPEC is JSON: `{argv, env, cwd, rlimits: {name: n}, memory_bytes, stdin, stdout, progress}`, the last three being inherited file
descriptors for the program's 0, 1+2 and 3. Standard input takes commands, a line each: `go SECONDS` (kill after so long) and `kill WHY`;
its end means that the worker is gone: kill. Standard output gets one JSON line at the end:
`{exit, signal, killed, peak_bytes, seconds}`; `killed` is null, `deadline`, `memory`, or the WHY.
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
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_WATCH_SECONDS = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")


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
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(outcome).encode() + b"\n")
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
    began = time.monotonic()
    deadline: float | None = None
    killed: str | None = None
    peak = 0
    while killed is None and child.poll() is None:
        # Before `go` nothing of a user's runs, and an idle process should cost nothing.
        poll.poll(None if deadline is None else _WATCH_SECONDS * 1000)
        for command in _commands(poll):
            word, _, rest = command.partition(" ")
            if word == "go":
                began = time.monotonic()
                deadline = began + float(rest)
            else:
                killed = rest or "worker_gone"
        if deadline is not None and killed is None:
            held = _memory()
            peak = max(peak, held)
            if held > memory_bytes:
                killed = "memory"
            elif time.monotonic() > deadline:
                killed = "deadline"
    if killed is not None:
        child.kill()
    code = child.wait()
    return {
        "exit": code if code >= 0 else None,
        "signal": -code if code < 0 else None,
        "killed": killed,
        "peak_bytes": peak,
        "seconds": time.monotonic() - began,
    }


def _commands(poll: select.poll) -> list[str]:
    """Read what the worker says; the end of the pipe is a command too."""
    if not any(fd == 0 for fd, _ in poll.poll(0)):
        return []
    said = os.read(0, 4096).decode()
    return said.splitlines() if said else ["kill worker_gone"]


def _descendants() -> dict[int, list[str]]:
    """Map the pid of everything below us to its `stat` fields behind the name (proc(5): state, ppid, ...)."""
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it may have ended since
                found[int(folder.name)] = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    ours: dict[int, list[str]] = {}
    level = {os.getpid()}
    while level:
        level = {pid for pid, stat in found.items() if int(stat[1]) in level and pid not in ours}
        ours.update({pid: found[pid] for pid in level})
    return ours


def _memory() -> int:
    """Add up the private memory of everything below us, in bytes: resident less shared, so Chromium's code counts once at most."""
    total = 0
    for pid in _descendants():
        with contextlib.suppress(OSError, ValueError):  # it may have ended since
            _, held, shared = (int(field) for field in Path(f"/proc/{pid}/statm").read_text().split()[:3])
            total += (held - shared) * _PAGE
    return total


def _kill_all() -> None:
    """Kill and reap until there is nobody left: what we see dying may fork once more."""
    while True:
        alive = [pid for pid, stat in _descendants().items() if stat[0] != "Z"]
        for pid in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
