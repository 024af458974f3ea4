"""A program behind its supervisor: the pipes to it, and how it ended."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_SUPERVISOR = Path(__file__).with_name("supervisor.py")

#: Against the accidents of a script, not its memory, which the supervisor watches: V8 reserves far more than it uses.
_RLIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_NPROC": 1024,  # threads count too; as much as Lambda allows
    "RLIMIT_NOFILE": 4096,
    "RLIMIT_FSIZE": 1 << 30,
}


@dataclass(frozen=True)
class Ending:
    """How a program ended, once nothing of it is left."""

    exit: int | None  #: its exit code, or
    signal: int | None  #: the signal that ended it
    killed: str | None  #: why we killed it: deadline, memory, worker_gone, or what `kill` was told; None if we did not
    peak_bytes: int  #: the most private memory that the tree held at once, sampled
    seconds: float  #: from `go` to the end


class Supervised:
    """A program that was started behind a supervisor and waits for its line on standard input."""

    def __init__(self, argv: list[str], *, env: dict[str, str], cwd: Path, memory_bytes: int) -> None:
        stdin, self._stdin = os.pipe()
        stdout_fd, stdout = os.pipe()
        progress_fd, progress = os.pipe()
        spec = {
            "argv": argv,
            "env": env,
            "cwd": str(cwd),
            "rlimits": _RLIMITS,
            "memory_bytes": memory_bytes,
            "stdin": stdin,
            "stdout": stdout,
            "progress": progress,
        }
        theirs = (stdin, stdout, progress)
        self._process = subprocess.Popen(  # our own interpreter and file
            [sys.executable, "-I", "-S", str(_SUPERVISOR), json.dumps(spec)],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=theirs,
        )
        for fd in theirs:
            os.close(fd)
        #: What the program prints, both streams, as bytes.
        self.stdout: BinaryIO = os.fdopen(stdout_fd, "rb")
        #: What it writes on descriptor 3.
        self.progress: BinaryIO = os.fdopen(progress_fd, "rb")

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the supervisor still runs."""
        return self._process.poll() is None

    def go(self, *, seconds: float) -> None:
        """Let the program begin; after `seconds` it is killed, whatever it does."""
        self._command(f"go {seconds}")
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin, b"go\n")

    def ask(self, line: str) -> None:
        """Write a line to the program itself, which may be too busy to read it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._stdin, f"{line}\n".encode())

    def kill(self, why: str) -> None:
        """Kill the program and all that descends from it."""
        self._command(f"kill {why}")

    def wait(self) -> Ending:
        """Wait until nothing of the program is left.

        A supervisor that was itself killed counts as a program ended by that signal.
        """
        assert self._process.stdout is not None  # noqa: S101  # PIPE was asked for
        said = self._process.stdout.read()
        code = self._process.wait()
        if not said:
            return Ending(exit=None, signal=-code, killed=None, peak_bytes=0, seconds=0.0)
        told: dict[str, Any] = json.loads(said)
        return Ending(**told)

    def close(self) -> None:
        """End what still runs, and let go of the pipes."""
        if self.alive:
            self.kill("closed")
            self._process.wait()
        for file in (self.stdout, self.progress, self._process.stdin, self._process.stdout):
            if file is not None:
                with contextlib.suppress(BrokenPipeError):
                    file.close()
        with contextlib.suppress(OSError):
            os.close(self._stdin)

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  # PIPE was asked for
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
