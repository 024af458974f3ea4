"""What opens a run's report by its address: each of a report's many files asks for it, and the database is asked every few seconds."""

import time
from collections.abc import Callable

from matinee.model.access import Principal

#: For so long, in seconds, what was good is taken for good: what is revoked ends no later.
GOOD_FOR_S = 4.0
#: From so many on, those that nobody asks for any more are forgotten.
_MANY = 1_000


class Passes:
    """Knows whom a ticket, or a share's token, stands for. What is not good is remembered nowhere."""

    def __init__(self, ask: Callable[[str], Principal | None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[Principal, float]] = {}

    def principal_of(self, token: str) -> Principal | None:
        """Give who may read with `token` what it was made for, if it is good, or was so a moment ago."""
        now = self._clock()
        principal, until = self._known.get(token, (None, 0.0))
        if now < until:
            return principal
        principal = self._ask(token)
        if principal is None:
            self._known.pop(token, None)
            return None
        if len(self._known) >= _MANY:
            self._known = {each: known for each, known in self._known.items() if known[1] > now}
        self._known[token] = (principal, now + GOOD_FOR_S)
        return principal
