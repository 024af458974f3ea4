"""Whether those who were let in still may be: asked again and again, for streams that last longer than a key."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request

from matinee.model.errors import ForbiddenError, NotFoundError, UnauthorizedError

#: For so long, in seconds, an answer is good for all who come with the same.
_GOOD_FOR_S = 4.0
_Credentials = tuple[str | None, ...]


@dataclass
class _Known:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    good: bool = True
    until: float = 0.0


class Standing:
    """Knows who still may listen to which run. Many listeners with the same credentials cost one question."""

    def __init__(self, ask: Callable[[Request, str], object]) -> None:
        self._ask = ask  #: raises if the request is not good any more
        self._known: dict[_Credentials, _Known] = {}

    async def good(self, request: Request, run_id: str) -> bool:
        """Whether a request that was let in would be let in again; also if that cannot be known now."""
        credentials = (run_id, request.headers.get("authorization"), request.headers.get("cookie"), request.url.query)
        known = self._known.setdefault(credentials, _Known())
        async with known.lock:
            if time.monotonic() >= known.until:
                known.good = await run_in_threadpool(self._asked, request, run_id)
                known.until = time.monotonic() + _GOOD_FOR_S
                self._forget()
        return known.good

    def _asked(self, request: Request, run_id: str) -> bool:
        try:
            self._ask(request, run_id)
        except (UnauthorizedError, ForbiddenError, NotFoundError):
            return False
        except Exception:  # noqa: BLE001 - the database is away: nobody is sent away for that
            return True
        return True

    def _forget(self) -> None:
        over = [
            credentials for credentials, known in self._known.items() if known.until < time.monotonic() - _GOOD_FOR_S
        ]
        for credentials in over:
            if not self._known[credentials].lock.locked():
                del self._known[credentials]
