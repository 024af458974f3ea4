"""Hold a claimed test: renew its lease and its message's invisibility, and hear when it is to be stopped."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, Self

from matinee.model.errors import LeaseLostError, LiveUnavailableError
from matinee.model.work import TestOrder
from matinee.runner.stop import Stop
from matinee.stores.live import LiveTable

_BEAT_SECONDS = 1.0  # a cancellation is heard within this
_BEATS_PER_EXTENSION = 3


class Hold:
    """A thread that keeps a lease alive as long as the `with` block runs."""

    LOST: ClassVar[str] = "lease_lost"  #: why an execution stops when its test is another's, or over

    def __init__(
        self, *, live: LiveTable, order: TestOrder, owner: str, lease_ms: int, stop: Stop, extend: Callable[[int], None]
    ) -> None:
        self._live = live
        self._order = order
        self._owner = owner
        self._lease_ms = lease_ms
        self._stop = stop
        self._extend = extend
        self._over = threading.Event()
        self._concluding = False
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="hold", daemon=True)

    def __enter__(self) -> Self:
        """Begin to hold."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the lease run out, or end with the result."""
        self._over.set()
        self._thread.join()

    def concluding(self) -> None:
        """From now on our own result may end the lease; only the message is still held, for the report."""
        self._concluding = True

    def _beat(self) -> None:
        beats = 0
        while True:
            if beats % _BEATS_PER_EXTENSION == 0:
                self._keep_invisible()
            if self._over.wait(_BEAT_SECONDS):
                return
            beats += 1
            if not self._concluding:
                self._renew()

    def _renew(self) -> None:
        order, now = self._order, time.time_ns() // 1_000_000
        try:
            lease = self._live.renew(order.run_id, order.test_id, owner=self._owner, now=now, lease_ms=self._lease_ms)
        except LeaseLostError:
            if not self._concluding:
                self._stop.ask(self.LOST)
        except LiveUnavailableError:
            # Unheard for longer than the lease is as good as dead: somebody else may have begun.
            if time.monotonic() - self._renewed > self._lease_ms / 1000:
                self._stop.ask(self.LOST)
        else:
            self._renewed = time.monotonic()
            if lease.cancel:
                self._stop.ask("cancelled")

    def _keep_invisible(self) -> None:
        try:
            self._extend(self._lease_ms // 1000)
        except LiveUnavailableError:
            return  # the next one may get through; a message that comes back early finds the lease held
