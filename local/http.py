"""The HTTP functions and the web interface in one process, on one origin, and the reports on another.

`python -m local.http DESCRIPTOR...`: listening sockets on one port, or on two, of which the second is the reports'.
"""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from http import HTTPStatus
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
from matinee import settings
from matinee.http import links
from matinee.http.problems import problem

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Streams that are open when we are asked to stop are cut after so many seconds; clients resume them.
_GRACE_SECONDS = 1


def create_app(*, report_port: int | None = None) -> ASGIApp:
    """Put the functions' apps and the web interface behind one door, by path, as API Gateway and CloudFront do.

    What comes in by `report_port` is shown reports and nothing else; whoever comes in elsewhere is shown none.
    """
    site = Site(reports=settings.load(settings.ReportSettings).origins.of_reports)
    fallback = submit()
    streams = status_stream()
    reports = report_proxy()
    by_prefix: dict[str, FastAPI] = {
        "/api/test-status/": streams,
        "/api/job-status/": streams,
        "/api/test-results/": reports,
        "/api/shared/": reports,
    }

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if report_port is not None and scope.get("server", ("", 0))[1] == report_port:
            return await (reports if path.startswith(links.SHOWN) else _nothing)(scope, receive, send)
        of_api = path == "/api" or path.startswith("/api/")
        app = next((found for prefix, found in by_prefix.items() if path.startswith(prefix)), fallback)
        return await (app if of_api else site)(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in {id(app): app for app in (fallback, *by_prefix.values())}.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return Router(default=route, lifespan=lifespan, redirect_slashes=False)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(HTTPStatus.NOT_FOUND, name="not-found", detail="Here are reports only, each below its ticket.")
    await answer(scope, receive, send)


def main() -> None:
    """Serve the listening sockets that we inherited."""
    hide()
    with ExitStack() as closing:
        listening = [closing.enter_context(socket.socket(fileno=int(number))) for number in sys.argv[1:]]
        for each in listening:
            each.set_inheritable(False)
        _, *others = dict.fromkeys(each.getsockname()[1] for each in listening)
        app = create_app(report_port=others[0] if others else None)
        # No access log: a path may carry a ticket.
        config = uvicorn.Config(app, access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        uvicorn.Server(config).run(sockets=listening)


if __name__ == "__main__":
    main()
