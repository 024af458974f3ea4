"""How much memory and disk the processes below this one hold.

Part of the supervisor, so stdlib only.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from matinee.runner.tree import descendants, read

_PAGE = os.sysconf("SC_PAGE_SIZE")
#: How often the disk is looked at, in s; and for how much of the time at the most.
_LOOK_SECONDS, _LOOK_SHARE = 2.0, 0.05
#: More files than this no run leaves; each costs memory of the kernel's, however small it is.
_MOST_FILES = 50_000
#: What bubblewrap gives a script of its own besides its folder, in memory.
_IN_MEMORY = ("tmp", "dev/shm")


def memory(foreign: set[str], most: int) -> int:
    """Add up the memory of everything below us, in bytes.

    That is its private memory: resident less shared, so that Chromium's code counts once at most. What processes share on purpose counts too, once,
    as soon as that may make the difference to `most`: it takes longer to find.
    """
    private = resident = 0
    pids = [pid for pid, _ in descendants(foreign)]
    for pid in pids:
        with suppress(OSError, ValueError):  # it may have ended since
            _, held, shared = (int(field) for field in read(f"/proc/{pid}/statm").split()[:3])
            private += (held - shared) * _PAGE
            resident += held * _PAGE
    if private > most or resident <= most or private + _sum(pids, "status", b"RssShmem:") <= most:
        return private
    return private + _sum(pids, "smaps_rollup", b"Pss_Shmem:")


def _sum(pids: list[int], file: str, name: bytes) -> int:
    """Add up what /proc says of each process under `name`, in bytes."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            total += int(read(f"/proc/{pid}/{file}").partition(b"\n" + name)[2].split(None, 1)[0]) << 10
    return total


class Disk:
    """What a run's folder and the file systems in memory that are its alone have in them."""

    def __init__(self, folder: str | None, most: int) -> None:
        self._folder = folder
        self._most = most
        self._in_memory: list[int] = []
        self._free = 0
        self._next = 0.0

    def begin(self) -> None:
        """Look from now on."""
        if self._folder is None:
            return
        self._free = _free(self._folder)
        self._next = time.monotonic() + _LOOK_SECONDS

    def exceeded(self) -> bool:
        """Tell whether there is more than there may be. Mostly that costs nothing: it looks now and then, and when the disk fills up."""
        if self._folder is None:
            return False
        if time.monotonic() < self._next and self._free - _free(self._folder) < self._most:
            return False
        began = time.monotonic()
        full = self._look(self._folder)
        self._free = _free(self._folder)
        took = time.monotonic() - began
        self._next = time.monotonic() + max(_LOOK_SECONDS, took / _LOOK_SHARE)
        return full

    def _look(self, folder: str) -> bool:
        left, files = self._most, _MOST_FILES
        self._in_memory = self._in_memory or list(_file_systems())
        for descriptor in self._in_memory:
            told = os.statvfs(descriptor)
            left -= (told.f_blocks - told.f_bfree) * told.f_frsize
            files -= told.f_files - told.f_ffree
        try:
            for size in chain(_unlinked(os.stat(folder).st_dev), _files(folder)):
                left, files = left - size, files - 1
                if left < 0 or files < 0:
                    return True
        except _TooDeepError:
            return True
        return left < 0 or files < 0


class _TooDeepError(Exception):
    """A folder lies deeper than a name can be long: so deep that nobody has put it there to find it again."""


def _files(folder: str) -> Iterator[int]:
    """Give the bytes that each file and folder below `folder` takes."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        yield entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise _TooDeepError from error


def _unlinked(device: int) -> Iterator[int]:
    """Give the bytes of each file on `device` that processes below us have open though it has no name any more."""
    seen: set[int] = set()
    for pid, _ in descendants():
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    found = os.stat(f"/proc/{pid}/fd/{name}")
                    unlinked = stat.S_ISREG(found.st_mode) and found.st_nlink == 0 and found.st_dev == device
                    if unlinked and found.st_ino not in seen:
                        seen.add(found.st_ino)
                        yield found.st_blocks * 512


def _file_systems() -> Iterator[int]:
    """Open the file systems in memory that a sandbox gave to its processes, if there is one, and its root is no more ours."""
    own = os.stat("/").st_dev
    for pid, _ in descendants():
        with suppress(OSError):
            if os.stat(f"/proc/{pid}/root/").st_dev != own:
                yield from [os.open(f"/proc/{pid}/root/{name}", os.O_PATH | os.O_DIRECTORY) for name in _IN_MEMORY]
                return


def _free(folder: str) -> int:
    told = os.statvfs(folder)
    return told.f_bfree * told.f_frsize
