"""Reports at an origin of their own, each below a ticket or a share's token. What else comes with a request, a cookie or a key, opens nothing here."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response

from functions.report_proxy import answers, files
from matinee import bootstrap, settings
from matinee.http import links
from matinee.http.pages import wants_page
from matinee.http.passes import Passes
from matinee.model.access import Principal
from matinee.model.errors import NotFoundError, UnauthorizedError
from matinee.stores.shares import TOKEN


def add_to(app: FastAPI) -> None:
    """Let `app` show reports. They are no part of the contract: only what a redirect names is asked for."""
    folder = links.shown_path("{token}")
    shared = links.shared_path("{token}")
    for path, answer in (
        (shared, to_shared),
        (shared + "/", to_shared),
        (folder.rstrip("/"), to_folder),
        (folder + "{path:path}", show),
    ):
        app.add_api_route(path, answer, methods=["GET", "HEAD"], response_class=Response, include_in_schema=False)


def to_folder(request: Request) -> Response:
    """Send the browser to the folder: the report's own links are relative to it."""
    there = (
        "./" + request.url.path.rpartition("/")[2] + "/"
    )  # what reads like an address of its own must not become one
    return _redirect(HTTPStatus.TEMPORARY_REDIRECT, there, request)


def to_shared(request: Request, token: str) -> Response:
    """Send whoever comes by a share's link there; whether it is good is seen there."""
    origin = _origin(request)
    if origin is None:
        return answers.nowhere()
    return _redirect(HTTPStatus.SEE_OTHER, origin + links.shown_path(quote(token, safe="")), request)


def show(request: Request, token: str, path: str) -> Response:
    """Give a file of the report that the ticket opens, or the share."""
    reader = _passes(request.app).principal_of(token)
    if reader is None or reader.run_id is None:
        if wants_page(request):
            return answers.expired()
        raise UnauthorizedError
    try:
        return files.found(request, reader, reader.run_id, path)
    except NotFoundError:
        return files.missing(request, reader, reader.run_id)


def lead_to(request: Request, reader: Principal, run_id: str, path: str) -> Response:
    """Send who may read the run to its report there, with the ticket that they came with, or a new one.

    Raises:
        NotFoundError: if their workspace has no such run.
    """
    run = bootstrap.runs().get(reader.workspace_id, run_id)
    origin = _origin(request)
    if origin is None:
        return answers.nowhere()
    theirs = request.query_params["ticket"] if reader.run_id else None
    ticket = theirs or bootstrap.keys().issue_ticket(reader, run.id).ticket
    return _redirect(HTTPStatus.SEE_OTHER, origin + links.shown_path(ticket) + quote(path), request)


def _origin(request: Request) -> str | None:
    told: settings.ReportSettings = settings.load(settings.ReportSettings)
    return told.origins.beside(request.headers.get("host", ""))


def _redirect(status: HTTPStatus, there: str, request: Request) -> Response:
    """Lead on to `there`, and take along what was asked, but for the ticket."""
    query = str(request.url.remove_query_params("ticket").query)
    headers = {"Location": there + (f"?{query}" if query else ""), "Cache-Control": "no-store"}
    return Response(status_code=status, headers={**headers, "Referrer-Policy": "no-referrer"})


def _reader_of(token: str) -> Principal | None:
    return bootstrap.shares().reader_of(token) if token.startswith(TOKEN) else bootstrap.keys().ticket_principal(token)


def _passes(app: FastAPI) -> Passes:
    """Give what knows who may read; it is of the app, like what a stream knows (status_stream)."""
    if not hasattr(app.state, "passes"):
        app.state.passes = Passes(_reader_of)
    passes: Passes = app.state.passes
    return passes
