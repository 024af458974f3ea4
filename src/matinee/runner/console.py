"""What a run printed, as far as it is kept, and what we add to it."""

import threading

from matinee.model.egress import told
from matinee.runner.process import Ending

#: What the console file keeps, in bytes.
CONSOLE_BYTES = 2_000_000


class Console:
    """What was printed: by tests, told by the reporter, and by the runner's own process, read from its pipe. Safe for threads."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = threading.Lock()

    def keep(self, piece: bytes) -> None:
        """Keep a piece, or as much of it as there is room for."""
        with self._lock:
            self._kept += piece[: CONSOLE_BYTES - len(self._kept)]

    def kept(self, notes: list[str]) -> bytes:
        """Give what was printed, and after it the lines that we have to say, which always have room."""
        with self._lock:
            full = len(self._kept) >= CONSOLE_BYTES
            said = ["\n[the rest was dropped]"] * full + notes
            return bytes(self._kept) + "".join(f"{line}\n" for line in said).encode()


def refusals(ending: Ending) -> list[str]:
    """Say where a script was not let, so that nobody looks for another reason."""
    named = [told(address, port) for address, port in ending.refused_to]
    lines = [
        f"[Matinee] A connection to {place} was refused by the egress policy (docs/security.md)." for place in named
    ]
    return [*lines, *([f"[Matinee] {ending.refused} connections were refused in all."] * (ending.refused > len(named)))]
