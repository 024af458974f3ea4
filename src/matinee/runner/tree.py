"""The processes below this one: who they are, and how to be rid of them.

Part of the supervisor, so stdlib only.
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

KILL_SECONDS = 0.002

Born = tuple[int, bytes]  # a process: its pid, and when it began, for numbers come again
Process = tuple[int, Born, bytes]  # its parent's pid, itself, and its state, a letter (proc(5))


def descendants(foreign: set[str] | None = None) -> dict[Born, bytes]:
    """Map everything below us to its state.

    Who looks again and again passes the same set, which gets the processes that are not ours, and whose children never will be.
    """
    names = _names()
    if foreign is not None:
        foreign &= names
        names -= foreign
    found = processes(names)
    if foreign is not None:
        # By what is known of their parents only: one whose parent ended as we looked may be ours.
        theirs = {str(pid) for pid, (parent, _, _) in found.items() if parent == 0 or str(parent) in foreign}
        foreign |= theirs - {str(os.getpid())}
    return below(found, os.getpid())


def processes(names: Iterable[str] | None = None) -> dict[int, Process]:
    """Read of those processes, or of all there are, who they are, whose child, and in what state."""
    found: dict[int, Process] = {}
    for name in _names() if names is None else names:
        with suppress(OSError):  # it may have ended since
            stat = read(f"/proc/{name}/stat").rpartition(b")")[2].split(None, 20)
            found[int(name)] = (int(stat[1]), (int(name), stat[19]), stat[0])
    return found


def below(found: dict[int, Process], top: int) -> dict[Born, bytes]:
    """Give those of `found` that descend from `top`, with their states."""
    ours: dict[Born, bytes] = {}
    level = {top}
    while level:
        children = [(born, state) for parent, born, state in found.values() if parent in level]
        ours.update(children)
        level = {pid for (pid, _), _ in children}
    return ours


def alive(found: dict[int, Process] | None = None) -> list[Born]:
    """Give those below us that are not dead."""
    return [born for born, state in below(found or processes(), os.getpid()).items() if state != b"Z"]


def inner(pid: int) -> int | None:
    """Tell by which number a process knows itself: another one in a sandbox with a PID namespace."""
    with suppress(OSError):
        for line in read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"NSpid:"):
                return int(line.split()[-1])
    return None


def kill_all() -> None:
    """Kill and reap until there is nobody left: what we see dying may fork once more."""
    while True:
        for pid, _ in alive():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(KILL_SECONDS)


def read(path: str, most: int = 4096) -> bytes:
    """Read the beginning of a file of the kernel's."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, most)
    finally:
        os.close(file)


def _names() -> set[str]:
    return {name for name in os.listdir("/proc") if name.isdigit()}
