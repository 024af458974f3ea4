"""Server-sent events: how they are written, and the answer that carries them."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from matinee.model.work import Event

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

#: What a stream begins with: a client that loses its connection tries again after a second. It belongs to the first event:
#: alone, some clients would take it for one.
PREAMBLE = b"retry: 1000\n"
#: Keeps proxies from closing a silent connection, and tells the client that it still stands.
HEARTBEAT = b": heartbeat\n\n"

_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # asks proxies not to collect events
    "X-Content-Type-Options": "nosniff",
}
#: Numbers have at most ten digits in the live table.
_MOST_DIGITS = 10


def frame(number: int, run_id: str, event: Event) -> bytes:
    """Write one event of a run; JSON in ASCII has no line breaks that could end it early."""
    data = json.dumps({"runId": run_id, "at": event.at, **event.data}, separators=(",", ":"))
    return f"id: {number}\nevent: {event.type}\ndata: {data}\n\n".encode()


def last_event_id(request: "Request") -> int:
    """Give the number of the last event that the client has; 0 if it says none, or what is no number.

    `?lastEventId=` is for clients that cannot set the header. The header is the newer one: EventSource adds it when it
    reconnects, to the address that it began with.
    """
    said = request.headers.get("last-event-id") or request.query_params.get("lastEventId") or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS else 0


class EventStream(StreamingResponse):
    """An endless answer made of `events`, which are closed as soon as the client is gone.

    If they end before the first one the answer is 204, which tells EventSource not to connect again.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers=_HEADERS)
        self._events = events

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer."""
        async with aclosing(self._events) as events:
            first = await anext(events, None)
            if first is None:
                await Response(status_code=204)(scope, receive, send)
                return
            self.body_iterator = _with_first(first, events)
            await super().__call__(scope, receive, send)


#: How often it is asked whether a listener may still listen, in seconds.
_ASKED_EVERY_S = 5.0


async def while_allowed(
    events: AsyncGenerator[bytes, None], allowed: Callable[[], Awaitable[bool]], *, every_s: float = _ASKED_EVERY_S
) -> AsyncGenerator[bytes, None]:
    """Give `events` for as long as they are `allowed`, which is asked every so many seconds, whether or not something happens."""
    loop = asyncio.get_running_loop()
    asked = loop.time()
    async with aclosing(events):
        following: asyncio.Future[bytes | None] | None = None
        try:
            while True:
                following = following or asyncio.ensure_future(anext(events, None))
                await asyncio.wait({following}, timeout=max(0.0, asked + every_s - loop.time()))
                if loop.time() >= asked + every_s:
                    if not await allowed():
                        return
                    asked = loop.time()
                if following.done():
                    event, following = following.result(), None
                    if event is None:
                        return
                    yield event
        finally:
            if following:
                following.cancel()
                await asyncio.wait({following})


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
