"""Matinee's HTTP API, as the command uses it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse

from matinee.cli.server import CannotRunError, Server
from matinee.http import links
from matinee.model.run import RunKind

#: Three heartbeats without a sign of life, and the connection is taken for dead.
_SILENCE_SECONDS = 45.0
#: For so long a server that does not answer is tried again.
_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
_TRIES = 4
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

    async def submit(self, request: dict[str, Any]) -> str:
        """Queue a script; give its run's id. A lost answer makes no second run."""
        answer = await self._patiently("POST", "/api/test", json=request, headers={"Idempotency-Key": uuid.uuid4().hex})
        return str(answer["testId"])

    async def run(self, run_id: str) -> dict[str, Any]:
        """Give a run as the API shows it."""
        return await self._patiently("GET", links.run_path(run_id))

    async def cancel(self, run_id: str) -> None:
        """Ask a run to stop."""
        await self._patiently("POST", f"{links.run_path(run_id)}/cancel", timeout=5.0)

    async def report_url(self, run_id: str) -> str:
        """Give an address at which a browser can read the run's report."""
        ticket = await self._patiently("POST", f"{links.run_path(run_id)}/tickets")
        return f"{self._server.url}{ticket['report']}"

    async def events(self, run_id: str) -> AsyncIterator[ServerSentEvent]:
        """Give the run's events to the last, each once, however often the connection breaks."""
        seen, pause, failing_since = "", _PAUSE_SECONDS, None
        while True:
            try:
                async with self._listen(run_id, after=seen) as source:
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
    async def _listen(self, run_id: str, *, after: str) -> AsyncIterator[EventSource]:
        path = links.events_path(RunKind.TEST, run_id)
        headers = {"Last-Event-ID": after} if after else {}
        timeout = httpx.Timeout(10.0, read=_SILENCE_SECONDS)
        async with aconnect_sse(self._http, "GET", path, headers=headers, timeout=timeout) as source:
            if source.response.status_code not in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
                await source.response.aread()
                raise _refusal(source.response)
            yield source

    async def _patiently(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Ask, and ask again if there is no answer; only for what may be said twice."""
        for _ in range(_TRIES - 1):
            try:
                return await self._once(method, path, **request)
            except (httpx.TransportError, _BusyError):
                await asyncio.sleep(_PAUSE_SECONDS)
        try:
            return await self._once(method, path, **request)
        except (httpx.TransportError, _BusyError) as error:
            raise self._silent() from error

    async def _once(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = await self._http.request(method, path, **request)
        if not answer.is_success:
            raise _refusal(answer)
        try:
            document: dict[str, Any] = answer.json()
        except ValueError as error:
            raise CannotRunError(f"{self._server.url} is no Matinee.") from error
        return document

    def _silent(self) -> CannotRunError:
        return CannotRunError(f"{self._server.url} does not answer.")


class _BusyError(Exception):
    """The server cannot answer now."""


def _refusal(answer: httpx.Response) -> Exception:
    return _BusyError() if answer.status_code in _BUSY else RefusedError.of(answer)
