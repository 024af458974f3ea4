"""The HTTP functions and the web interface in one process, on one origin: `python -m local.http DESCRIPTOR`."""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.report_proxy.app import create_app as report_proxy
from functions.status_stream.app import create_app as status_stream
from functions.submit.app import create_app as submit
from local.processes import hide
from local.site import Site

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Streams that are open when we are asked to stop are cut after so many seconds; clients resume them.
_GRACE_SECONDS = 1


def create_app() -> ASGIApp:
    """Put the functions' apps and the web interface behind one door, by path, as API Gateway and CloudFront do."""
    site = Site()
    fallback = submit()
    streams = status_stream()
    by_prefix: dict[str, FastAPI] = {
        "/api/test-status/": streams,
        "/api/job-status/": streams,
        "/api/test-results/": report_proxy(),
    }

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        of_api = path == "/api" or path.startswith("/api/")
        app = next((found for prefix, found in by_prefix.items() if path.startswith(prefix)), fallback)
        await (app if of_api else site)(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in {id(app): app for app in (fallback, *by_prefix.values())}.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return Router(default=route, lifespan=lifespan, redirect_slashes=False)


def main() -> None:
    """Serve the listening socket that we inherited."""
    hide()
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        listening.set_inheritable(False)
        # No access log: a path may carry a ticket.
        config = uvicorn.Config(create_app(), access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
