"""Refuse bodies that are too large, before anything reads them."""

from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.http.problems import problem


class BodyLimit:
    """ASGI middleware: a body of more than `most` bytes is answered with 413, whatever Content-Length says.

    `at` has the paths with a limit of their own.
    """

    def __init__(self, app: ASGIApp, *, most: int, at: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._most = most
        self._at = at or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body in, at most up to the limit, and hand it on whole."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        most = self._at.get(scope["path"], self._most)
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                detail = f"The body may have {most:,} bytes at most."
                answer = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, name="body-too-large", detail=detail)
                await answer(scope, receive, send)
                return
        await self._app(scope, _whole(bytes(body), receive), send)


def _whole(body: bytes, receive: Receive) -> Receive:
    """Give a `receive` that has the body first, then whatever follows it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_whole() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receive_whole
