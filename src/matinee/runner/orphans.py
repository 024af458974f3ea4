"""What is left of a program whose supervisor was killed: by a script that has our uid, and no namespace of its own, as in Lambda.

The kernel gives whoever loses its parent to the next subreaper above, which is us.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from matinee.runner import tree
from matinee.runner.kernel import PR_SET_CHILD_SUBREAPER, prctl

_MOST_SECONDS = 5.0


class Orphans:
    """The processes below one supervisor, as far as they may become ours."""

    def __init__(self) -> None:
        """Be who gets them."""
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._others: set[tree.Born] | None = None

    def note(self, supervisor: int) -> None:
        """Note who is ours and not below the supervisor; until it has ended we start nobody else."""
        if Path("/proc/self").exists():
            found = tree.processes()
            self._others = tree.below(found, os.getpid()).keys() - tree.below(found, supervisor).keys()

    def end(self) -> None:
        """Kill those that came to us, and all below them, until there are none."""
        end = time.monotonic() + _MOST_SECONDS
        while (left := self._left()) and time.monotonic() < end:
            for pid, _ in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(tree.KILL_SECONDS)

    def _left(self) -> list[tree.Born]:
        if self._others is None:
            return []
        found = tree.processes()
        ours = [born for parent, born, _ in found.values() if parent == os.getpid() and born not in self._others]
        return [each for born in ours for each in (born, *tree.below(found, born[0]))]
