"""Matinee's HTTP API, as the command uses it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse

from matinee.cli.server import CannotRunError, Server
from matinee.http import links

#: Three heartbeats without a sign of life, and the connection is taken for dead.
_SILENCE_SECONDS = 45.0
#: For so long a server that does not answer is tried again.
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
_TRIES = 4
#: After Ctrl-C the server gets so long to hear of it.
_FAREWELL_SECONDS = 6.0
#: So many items of a list are fetched at once.
_PAGE = 200
_BUSY = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


class RefusedError(CannotRunError):
    """The server said no; `extra` is the problem document."""

    @classmethod
    def of(cls, answer: httpx.Response) -> Self:
        """Read the answer's problem document, if it is one."""
        host, status = answer.url.host, answer.status_code
        if status == httpx.codes.UNAUTHORIZED:
            return cls(f"{host} does not know the key. Set MATINEE_API_KEY.", status=status)
        try:
            problem = dict(answer.json())
        except (ValueError, TypeError):
            problem = {}
        detail = problem.pop("detail", f"{host} answered {status}, and not as a Matinee would.")
        return cls(str(detail), **{**problem, "status": status})


class LostError(CannotRunError):
    """The server did not answer; what it was asked to do may be done."""


class Api:
    """A server's API. Every call raises CannotRunError if the server does not answer, RefusedError if it says no."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = httpx.AsyncClient(
            base_url=server.url,
            headers={"Authorization": f"Bearer {server.key}"} if server.key else {},
            timeout=httpx.Timeout(30.0, connect=10.0),
            limits=httpx.Limits(max_connections=None),
            trust_env=not server.is_local,  # a proxy has no business between us and this machine
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hang up."""
        await self._http.aclose()

    async def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Ask, and ask again if there is no answer; only for what may be said twice."""
        return self._document(await self._patiently(method, path, **request))

    async def save(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Ask once.

        Raises:
            LostError: if there is no answer: then nobody knows whether it is saved.
        """
        try:
            return self._document(await self._once(method, path, **request))
        except (httpx.TransportError, _BusyError) as error:
            raise LostError(f"{self._server.url} does not answer.") from error

    async def delete(self, path: str) -> None:
        """Delete what lies there."""
        await self._patiently("DELETE", path)

    async def items(self, path: str, **query: Any) -> AsyncIterator[dict[str, Any]]:
        """Give a list's items, page after page."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.ask("GET", path, params={**query, "limit": _PAGE, **cursor})
            for item in page["items"]:
                yield item
            if not page.get("nextCursor"):
                return
            cursor = {"cursor": page["nextCursor"]}

    def start(self, path: str, request: dict[str, Any]) -> "Starting":
        """Begin to start a run. A lost answer makes no second one."""
        key = {"Idempotency-Key": uuid.uuid4().hex}
        return Starting(self, asyncio.create_task(self.ask("POST", path, json=request, headers=key)))

    async def run(self, run_id: str) -> dict[str, Any]:
        """Give a run as the API shows it."""
        return await self.ask("GET", links.run_path(run_id))

    async def cancel(self, run_id: str) -> None:
        """Ask a run to stop."""
        await self.ask("POST", f"{links.run_path(run_id)}/cancel", timeout=5.0)

    async def report_url(self, run_id: str) -> str:
        """Give an address at which a browser can read the run's report."""
        ticket = await self.ask("POST", f"{links.run_path(run_id)}/tickets")
        return f"{self._server.url}{ticket['report']}"

    async def shared_url(self, run_id: str, *, name: str, days: int) -> str:
        """Share a run's report; give the address with which anybody reads it for so many days."""
        wanted = {"name": name, "expiresInDays": days}
        share = await self.ask("POST", f"{links.run_path(run_id)}/shares", json=wanted)
        return f"{self._server.url}{share['path']}"

    async def sign_in_url(self) -> str:
        """Give an address that signs a browser in, once."""
        link = await self.ask("POST", "/api/session/links")
        return f"{self._server.url}{link['path']}"

    async def download(self, path: str) -> bytes:
        """Give what lies there."""
        return (await self._patiently("GET", path)).content

    async def events(self, path: str) -> AsyncIterator[ServerSentEvent]:
        """Give a run's events to the last, each once, however often the connection breaks."""
        seen, pause, failing_since = "", _PAUSE_SECONDS, None
        while True:
            try:
                async with self._listen(path, after=seen) as source:
                    if source.response.status_code == httpx.codes.NO_CONTENT:
                        return
                    failing_since = None
                    async for event in source.aiter_sse():
                        pause = event.retry / 1000 if event.retry else pause
                        if not event.data:
                            continue
                        seen = event.id
                        yield event
                        if event.event == "end":
                            return
            except (httpx.TransportError, _BusyError) as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > _PATIENCE_SECONDS:
                    raise self._silent() from error
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def _listen(self, path: str, *, after: str) -> AsyncIterator[EventSource]:
        headers = {"Last-Event-ID": after} if after else {}
        timeout = httpx.Timeout(10.0, read=_SILENCE_SECONDS)
        async with aconnect_sse(self._http, "GET", path, headers=headers, timeout=timeout) as source:
            if source.response.status_code not in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
                await source.response.aread()
                raise _refusal(source.response)
            yield source

    async def _patiently(self, method: str, path: str, **request: Any) -> httpx.Response:
        for _ in range(_TRIES - 1):
            try:
                return await self._once(method, path, **request)
            except (httpx.TransportError, _BusyError):
                await asyncio.sleep(_PAUSE_SECONDS)
        try:
            return await self._once(method, path, **request)
        except (httpx.TransportError, _BusyError) as error:
            raise self._silent() from error

    async def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = await self._http.request(method, path, **request)
        if not answer.is_success:
            raise _refusal(answer)
        return answer

    def _document(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            document: dict[str, Any] = answer.json()
        except ValueError as error:
            raise CannotRunError(f"{self._server.url} is no Matinee.") from error
        return document

    def _silent(self) -> CannotRunError:
        return CannotRunError(f"{self._server.url} does not answer.")


@dataclass(frozen=True)
class Started:
    """A run that is there."""

    run_id: str
    events: str  #: the path of its events
    document: dict[str, Any]  #: the server's whole answer


class Starting:
    """A run that is being started. Whoever stops waiting for it can still cancel it: its id comes all the same."""

    def __init__(self, api: Api, answer: "asyncio.Task[dict[str, Any]]") -> None:
        self._api = api
        self._answer = answer

    async def started(self) -> Started:
        """Wait for the server's answer."""
        answer = await asyncio.shield(self._answer)
        return Started(answer.get("runId") or answer["testId"], answer["links"]["events"], answer)

    async def cancel(self) -> None:
        """Stop the run on the server, if it is there. Never raises, and takes a few seconds at most."""
        with suppress(CannotRunError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._api.cancel((await self.started()).run_id)


class _BusyError(Exception):
    """The server cannot answer now."""


def _refusal(answer: httpx.Response) -> Exception:
    return _BusyError() if answer.status_code in _BUSY else RefusedError.of(answer)
