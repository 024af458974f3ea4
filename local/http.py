"""The HTTP functions in one process, on one origin: `python -m local.http DESCRIPTOR`."""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.report_proxy.app import create_app as report_proxy
from functions.status_stream.app import create_app as status_stream
from functions.submit.app import create_app as submit

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Streams that are open when we are asked to stop are cut after so many seconds; clients resume them.
_GRACE_SECONDS = 1

_HOME_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Matinee</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color-scheme: light dark }
  code { background: #8883; padding: .1em .3em; border-radius: 3px }
</style>
<h1>Matinee is up</h1>
<p>A web interface comes later; today the way in is the command line:</p>
<p><code>matinee run my-test.spec.ts</code></p>
<p>or the API, with the key in <code>.matinee/api-key</code>:
<code>POST /api/test</code>, then <code>GET /api/test-status/sse/{testId}</code>.</p>
<p><a href="/api/health">What is up, and in which versions</a></p>
"""


def create_app() -> ASGIApp:
    """Put the functions' apps behind one door, by path, as API Gateway does."""
    fallback = submit()
    streams = status_stream()
    by_prefix: dict[str, FastAPI] = {
        "/api/test-status/": streams,
        "/api/job-status/": streams,
        "/api/test-results/": report_proxy(),
    }

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        app = next((found for prefix, found in by_prefix.items() if path.startswith(prefix)), fallback)
        await app(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in {id(app): app for app in (fallback, *by_prefix.values())}.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return Router([Route("/", _home)], default=route, lifespan=lifespan, redirect_slashes=False)


async def _home(_: Request) -> HTMLResponse:
    return HTMLResponse(_HOME_PAGE)


def main() -> None:
    """Serve the listening socket that we inherited."""
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        listening.set_inheritable(False)
        # No access log: a path may carry a ticket.
        config = uvicorn.Config(create_app(), access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
