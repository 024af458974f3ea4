"""The pinned browser runtime: installed before the first run."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys

from local.environment import RUNTIME
from local.errors import StackError
from local.processes import DIE_WITH_US
from local.template import ROOT, search_path

_SCRIPT = ROOT / "layers" / "playwright" / "install.py"


class Installation:
    """The install script at work. It says on stderr what it does, and nothing if all is there."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Install the runtime, unless it is there; one process at a time on this machine.

        Raises:
            StackError: if that fails; the script has said why.
        """
        cache = ROOT / ".cache"
        cache.mkdir(exist_ok=True)
        with (cache / "runtime.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._process = subprocess.Popen(
                [*DIE_WITH_US, sys.executable, str(_SCRIPT), str(RUNTIME)],
                env={**os.environ, "PATH": search_path()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            if self._process.wait() != 0:
                raise StackError(f"The browser runtime could not be installed. `python {_SCRIPT}` tries again.")

    def stop(self) -> None:
        """End it, with all that it started; it begins anew the next time."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
