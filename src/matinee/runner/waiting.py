"""The processes that wait for the next script: fresh ones, or those that the last test of a job left to the next."""

import threading
from pathlib import Path

from matinee.model.work import TestOrder
from matinee.runner.warm import Place, Warm

#: How long the processes of a job wait for its next test; on a busy machine some seconds lie between two.
KEEP_SECONDS = 20.0


class Waiting:
    """What waits in this environment. A run's scripts get processes that have seen no other run's. Safe for threads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._warm: Warm | None = None
        self._lock = threading.Lock()

    @property
    def base(self) -> Path | None:
        """All that what waits has on disk."""
        return self._warm.base if self._warm else None

    @property
    def folder(self) -> Path | None:
        """The folder of what waits."""
        return self._warm.folder if self._warm else None

    def warm(self) -> None:
        """Have something wait; costs nothing where it does."""
        with self._lock:
            if self._warm and not self._warm.usable:
                self._warm.close()
                self._warm = None
            self._warm = self._warm or Warm(self._place)

    def refresh(self) -> None:
        """Have something wait that no run has used."""
        with self._lock:
            used, self._warm = (self._warm, None) if self._warm and self._warm.run_id else (None, self._warm)
        if used:
            used.close()
        self.warm()

    def take(self, order: TestOrder) -> Warm:
        """Take what waits if it may have `order`, else something new."""
        warm = self._let_go()
        if warm and warm.takes(order):
            return warm
        if warm:
            warm.close()
        return Warm(self._place)

    def keep(self, warm: Warm) -> None:
        """Keep a job's processes for its next test, if that comes soon."""
        warm.rest()
        with self._lock:
            self._warm = warm
        # In Lambda this clock stands still with the environment; another run's order then finds them, and takes none of it.
        timer = threading.Timer(KEEP_SECONDS, self._give_up, [warm, warm.test_folder])
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """End what waits."""
        if warm := self._let_go():
            warm.close()

    def _give_up(self, warm: Warm, last: Path) -> None:
        with self._lock:
            if self._warm is not warm or warm.test_folder != last:
                return
            self._warm = None
        warm.close()

    def _let_go(self) -> Warm | None:
        with self._lock:
            warm, self._warm = self._warm, None
            return warm
