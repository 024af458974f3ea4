"""Start again what dies while the stack is up."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matinee.model.errors import MatineeError

_LOOK_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 30.0
#: Whatever has lived this long, in seconds, is started again at once when it dies.
_SOUND_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something that should live as long as the stack."""

    name: str
    running: Callable[[], bool]
    start: Callable[[], None]


class Watch:
    """A thread that looks after `parts`."""

    def __init__(self, parts: Sequence[Part], *, say: Callable[[str], None]) -> None:
        self._say = say
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._look_after, args=[part], name=f"watch {part.name}", daemon=True)
            for part in parts
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let things die from now on."""
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _look_after(self, part: Part) -> None:
        pause = _FIRST_PAUSE_SECONDS
        started = time.monotonic()
        while not self._over.wait(_LOOK_SECONDS):
            if part.running():
                continue
            if time.monotonic() - started > _SOUND_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self._say(f"{part.name} died; starting it again in {pause:.2g} s")
            if self._over.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            started = time.monotonic()
            try:
                part.start()
            except MatineeError as error:
                self._say(f"{part.name}: {error.detail}")
            else:
                self._say(f"{part.name} is back")
