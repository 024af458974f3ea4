"""Tell a run's events as they happen: in their order, in as few writes as keep them fresh."""

import threading
from types import TracebackType
from typing import Self

from matinee.model.errors import LiveUnavailableError
from matinee.model.run import RunKind
from matinee.model.work import Event
from matinee.stores.live import LiveTable

#: For how long events gather, from the first of a batch on: the first batch of a test, and each later one. Whoever watches a single test watches
#: every step. The tests of a job write to one log, in turns with all others, so they write few batches; that one began or ended is told without
#: them.
_GATHER_SECONDS = {RunKind.TEST: (0.0, 0.02), RunKind.JOB: (2.0, 2.0)}
_RETRY_SECONDS = 0.5
_MOST_RETRIES = 20


class Teller:
    """Appends events to the log from a thread of its own, so that the run does not wait for the table."""

    def __init__(self, live: LiveTable, run_id: str, *, kind: RunKind = RunKind.TEST) -> None:
        self._live = live
        self._run_id = run_id
        self._first_seconds, self._later_seconds = _GATHER_SECONDS[kind]
        self._waiting: list[Event] = []
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._write, name="tell", daemon=True)

    def __enter__(self) -> Self:
        """Begin to write."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until everything is told: the verdict must come after it."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def tell(self, event: Event) -> None:
        """Tell `event` soon. Never blocks on the table."""
        with self._changed:
            self._waiting.append(event)
            self._changed.notify()

    def _write(self) -> None:
        seconds = self._first_seconds
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._over)
                self._changed.wait_for(lambda: self._over, seconds)
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            self._append(batch)
            seconds = self._later_seconds

    def _append(self, batch: list[Event]) -> None:
        for _ in range(_MOST_RETRIES):
            try:
                self._live.append(self._run_id, batch)
            except LiveUnavailableError:
                threading.Event().wait(_RETRY_SECONDS)
            else:
                return
        # The table was gone for longer than any hiccup; the result, when it can be written, still tells how it ended.
