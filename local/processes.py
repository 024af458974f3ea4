"""Programs that the stack starts: their output in a log file, their life bound to ours."""

import contextlib
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from matinee.runner.kernel import PR_SET_DUMPABLE, prctl

#: The beginning of a command that is killed when the thread that starts it ends.
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
#: A log larger than this, in bytes, becomes `<name>.1` when its program starts again.
LOG_ROTATE_BYTES = 5_000_000


class Program:
    """A running program. It gets a signal when we die, however that happens, and none from the terminal's Ctrl-C."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
        wrapper: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start `argv`, which `wrapper` (if any) gives the right user.

        Raises:
            OSError: if it cannot be started.
        """
        self.log = log
        rotate(log)
        # Set behind the wrapper: the kernel forgets it when credentials change.
        command = [*wrapper, "setpriv", "--pdeathsig", death_signal.name.removeprefix("SIG"), "--", *argv]

        def start() -> subprocess.Popen[bytes]:
            with log.open("ab") as output:
                return subprocess.Popen(
                    command,
                    env=dict(env),
                    cwd=cwd,
                    stdin=stdin,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    pass_fds=pass_fds,
                )

        self.process = _starter().submit(start).result()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for its end; tell whether it came."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.running

    def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """Send each signal in turn, with so many seconds to end after it; then kill."""
        for number, grace in steps:
            if not self.running:
                break
            self.process.send_signal(number)
            if self.wait(grace):
                break
        if self.running:
            self.process.kill()
        self.process.wait()

    def last_lines(self, count: int = 5) -> str:
        """Give the end of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""


def hide() -> None:
    """Keep the environment and the memory of this process from whoever else has our uid: where there is no sandbox, scripts do."""
    prctl(PR_SET_DUMPABLE, 0)


def rotate(log: Path) -> None:
    """Make room for `log`: its folder, and its old self out of the way once it is large."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_ROTATE_BYTES:
            log.replace(log.with_name(f"{log.name}.1"))


@cache
def _starter() -> ThreadPoolExecutor:
    """Give the one thread that starts programs.

    The kernel's parent-death signal comes when the *thread* that forked ends, so that thread must live as long as we.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
