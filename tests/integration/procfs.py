"""What the kernel says about processes, read from /proc."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that live; zombies do not."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue  # it ended while we looked
        if f"\nPPid:\t{pid}\n" in text and "\nState:\tZ" not in text:
            found.append(int(status.parent.name))
    return found


def family(pid: int) -> list[int]:
    """All that descends from `pid`."""
    return [member for child in children(pid) for member in (child, *family(child))]


def command(pid: int) -> list[str]:
    """The command line of `pid`; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether `pid` runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def still_alive(pids: list[int], *, after: float) -> list[list[str]]:
    """The command lines of those that are not gone `after` so many seconds; returns as soon as all are."""
    deadline = time.monotonic() + after
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [command(pid) for pid in left]


def listening(pid: int) -> set[tuple[str, int]]:
    """Where `pid` listens: addresses in the kernel's hexadecimal (0100007F is 127.0.0.1), and ports; nothing of one that hides from us."""
    try:
        links = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()
    inodes = {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}
    return {place for place, inode in _sockets() if inode in inodes}


def listeners(port: int) -> set[str]:
    """The addresses at which anybody listens on `port`."""
    return {address for (address, other), _ in _sockets() if other == port}


def _sockets() -> Iterator[tuple[tuple[str, int], str]]:
    for name in ("tcp", "tcp6"):
        for row in map(str.split, Path(f"/proc/self/net/{name}").read_text().splitlines()):
            if row[3] == "0A":
                address, port = row[1].split(":")
                yield (address, int(port, 16)), row[9]


def processes(marker: str) -> list[str]:
    """All processes on the machine whose command line has `marker`, but this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if marker in line:
                found.append(line)
    return found
