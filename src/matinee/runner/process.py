"""A program behind its supervisor: the pipes to it, and how it ended."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from matinee.model.egress import Egress
from matinee.runner.orphans import Orphans

#: Starts the supervisor with nothing to import from but the standard library and, named first, the folder of our own package.
_SUPERVISE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from matinee.runner.supervisor import main; main()"
_PACKAGES = Path(__file__).parents[2]

#: Against the accidents of a script, not its memory, which the supervisor watches: V8 reserves far more than it uses.
_RLIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_NPROC": 1024,  # threads count too; as much as Lambda allows
    "RLIMIT_NOFILE": 4096,
    "RLIMIT_FSIZE": 1 << 30,
}

#: How long the supervisor may take to answer at once, and to end. Whoever has its uid can stop it.
_ANSWER_SECONDS = 15.0
#: A longer line, in bytes, is none of ours: what a test prints is cut at its source.
_MOST_LINE = 16_000_000


@dataclass(frozen=True)
class Ending:
    """How a program ended, once nothing of it is left."""

    exit: int | None  #: its exit code, or
    signal: int | None  #: the signal that ended it
    killed: (
        str | None
    )  #: why we killed it: deadline, memory, disk, worker_gone, or what `kill` was told; None if we did not
    peak_bytes: int  #: the most private memory that the tree held at once, sampled
    seconds: float  #: from `go` to the end
    refused: int = 0  #: how many connections were refused,
    refused_to: Sequence[tuple[int, int]] = ()  #: and the first few addresses and ports, as model.egress writes them


class Said(NamedTuple):
    """A piece of what a program says."""

    printed: bool  #: on standard output, as it came; otherwise a whole line on descriptor 3, without its end
    piece: bytes


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a program and all that it starts may do, as the supervisor sees to it."""

    memory_bytes: int
    disk_bytes: int = 0
    folder: Path | None = None  #: whose disk space that is; without it nobody looks
    egress: Egress | None = None  #: where they may connect to; anywhere without
    hardened: Literal["here", "inside"] | None = (
        None  #: whether bpf.hardening applies: at once, or handed to the program to apply
    )
    uid: int | None = None  #: who they will be, if not us
    mortal: bool = True  #: whether they end with their supervisor, by the kernel's hand


class Supervised:
    """A program that was started behind a supervisor and waits for its line on standard input."""

    def __init__(self, argv: list[str], *, env: dict[str, str], cwd: Path, bounds: Bounds) -> None:
        stdin, self._stdin = os.pipe()
        stdout_fd, stdout = os.pipe()
        progress_fd, progress = os.pipe()
        spec = {
            "argv": argv,
            "env": env,
            "cwd": str(cwd),
            "rlimits": _RLIMITS,
            "memory_bytes": bounds.memory_bytes,
            "disk_bytes": bounds.disk_bytes,
            "folder": str(bounds.folder) if bounds.folder else None,
            "egress": bounds.egress,
            "hardened": bounds.hardened,
            "uid": bounds.uid,
            "stdin": stdin,
            "stdout": stdout,
            "progress": progress,
        }
        theirs = (stdin, stdout, progress)
        self._orphans = None if bounds.mortal else Orphans()
        self._process = subprocess.Popen(  # our own interpreter and package
            [sys.executable, "-I", "-S", "-c", _SUPERVISE, str(_PACKAGES), json.dumps(spec)],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=theirs,
        )
        for fd in theirs:
            os.close(fd)
        #: What the program prints, both streams, as bytes.
        self.stdout: BinaryIO = os.fdopen(stdout_fd, "rb", buffering=0)
        self._progress = progress_fd
        self._ended = _watch(self._process.pid)
        self._poll = select.poll()
        self._open = {stdout_fd, progress_fd}
        for fd in (*self._open, *self._ended):
            self._poll.register(fd, select.POLLIN)
        self._line = bytearray()
        self.resting = False  #: whether it ended something, and waits for its next line

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the supervisor still runs."""
        return self._process.poll() is None

    def go(self, line: str = "go", *, seconds: float) -> None:
        """Let the program begin by saying `line` to it; after `seconds` it is killed, whatever it does."""
        if self._orphans:
            self._orphans.note(self.pid)
        self._command(f"go {seconds}")
        self._answer(seconds=_ANSWER_SECONDS)  # nothing begins before the supervisor has seen what was there
        self.resting = False
        self.ask(line)

    def hear(self, *, seconds: float | None = None) -> Iterator[Said]:
        """Give what the program says, until its end; or until there was nothing for `seconds`."""
        while self._open and (ready := self._poll.poll(None if seconds is None else seconds * 1000)):
            for fd, _ in ready:
                if fd in self._ended:
                    self._poll.unregister(fd)
                    self._bury()  # or whoever is left of them could keep us here, listening
                    continue
                chunk = os.read(fd, 65_536)
                if not chunk:
                    self._poll.unregister(fd)
                    self._open.remove(fd)
                elif fd != self._progress:
                    yield Said(printed=True, piece=chunk)
                else:
                    yield from (Said(printed=False, piece=line) for line in self._lines(chunk))

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Give the lines that end in `chunk`; the beginning of the next is kept, unless it is longer than any of ours."""
        self._line += chunk
        if b"\n" not in chunk:
            if len(self._line) > _MOST_LINE:
                self._line.clear()
            return []
        *lines, rest = bytes(self._line).split(b"\n")
        self._line = bytearray(rest)
        return lines

    def rest(self, *, code: int, but: int | None = None) -> Ending:
        """Kill all that the program left running but itself and, with its children, the process that it knows as number `but`.

        Tells how what it did ended, by its own word with exit code `code`; `resting` tells whether it lives on.
        """
        self._command("rest" if but is None else f"rest {but}")
        told = self._answer()
        self.resting = "killed" not in told and bool(told)
        return Ending(exit=code, signal=None, killed=None, **told) if self.resting else self._ending(told)

    def ask(self, line: str) -> None:
        """Write a line to the program itself, which may be too busy to read it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin, f"{line}\n".encode())

    def kill(self, why: str) -> None:
        """Kill the program and all that descends from it."""
        self._command(f"kill {why}")

    def destroy(self) -> None:
        """Kill the supervisor, which does not do what it is told, and then what was below it."""
        self._process.kill()

    def wait(self) -> Ending:
        """Wait until nothing of the program is left.

        A supervisor that was itself killed counts as a program ended by that signal.
        """
        return self._ending(self._answer())

    def close(self) -> None:
        """End what still runs, and let go of the pipes."""
        if self.alive:
            self.kill("closed")
            try:
                self._process.wait(_ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                self.destroy()
                self._process.wait()
        self._bury()
        for file in (self.stdout, self._process.stdin, self._process.stdout):
            if file is not None:
                with contextlib.suppress(BrokenPipeError):
                    file.close()
        for fd in (self._stdin, self._progress, *self._ended):
            with contextlib.suppress(OSError):
                os.close(fd)

    def _ending(self, told: dict[str, Any]) -> Ending:
        code = self._process.wait()
        if not told:
            self._bury()
            return Ending(exit=None, signal=-code, killed=None, peak_bytes=0, seconds=0.0)
        return Ending(**told)

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  # PIPE was asked for
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def _bury(self) -> None:
        """Be rid of what a supervisor left that was killed; one that ended by itself left nothing."""
        if self._orphans and self._process.poll():
            self._orphans.end()
            self._orphans = None

    def _answer(self, *, seconds: float | None = None) -> dict[str, Any]:
        """Read the supervisor's next line; empty at its end, which comes if it does not answer for so long."""
        assert self._process.stdout is not None  # noqa: S101  # PIPE was asked for
        if seconds is not None:
            poll = select.poll()
            poll.register(self._process.stdout, select.POLLIN)
            if not poll.poll(seconds * 1000):
                self.destroy()
        line = self._process.stdout.readline()
        told: dict[str, Any] = json.loads(line) if line else {}
        return told


def _watch(pid: int) -> tuple[int, ...]:
    """Give what can be read once a process has ended, where there is such a thing."""
    return (os.pidfd_open(pid),) if sys.platform == "linux" else ()
