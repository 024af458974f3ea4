"""How an execution is asked to end before it does by itself."""

import threading
from collections.abc import Callable


class Stop:
    """How others ask an execution to end: from any thread, once, the first reason counts."""

    def __init__(self) -> None:
        self.why: str | None = None
        self._lock = threading.Lock()
        self._act: Callable[[str], None] | None = None

    def ask(self, why: str) -> None:
        """Ask the execution to end because of `why`: `cancelled`, `deadline`, or what else the verdict shall tell."""
        with self._lock:
            if self.why is not None:
                return
            self.why = why
            act = self._act
        if act:
            act(why)

    def heard_by(self, act: Callable[[str], None]) -> None:
        """Call `act` when somebody asks; at once if somebody did."""
        with self._lock:
            self._act = act
            why = self.why
        if why is not None:
            act(why)
