"""A browser's ticket: from the link that it opens into a cookie, so that the report's own files open too."""

from http import HTTPStatus

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from matinee.http import links
from matinee.http.cookies import keep as keep_cookie
from matinee.http.cookies import ticket_cookie
from matinee.http.pages import page
from matinee.model.run import RunKind


def keep(request: Request, run_id: str) -> Response:
    """Set the cookies, and send the browser to the same address without the ticket.

    Followed from another site, a redirect would leave a strict cookie behind; a page of our own that goes there does not.
    """
    clean = URL(str(request.url)).remove_query_params("ticket")
    target = "./" + clean.path.rpartition("/")[2] + (f"?{clean.query}" if clean.query else "")
    if request.headers.get("sec-fetch-site") == "cross-site":
        answer: Response = page(
            HTTPStatus.OK, title="Opening the report", says="One moment.", again_after=0, go_to=target
        )
    else:
        answer = Response(
            status_code=HTTPStatus.SEE_OTHER,
            headers={"Location": target, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        )
    for path in _readable(run_id):
        keep_cookie(request, answer, ticket_cookie(run_id), request.query_params["ticket"], path=path)
    return answer


def _readable(run_id: str) -> list[str]:
    """Give the paths that a ticket opens: of the report's folder all, of the rest just these."""
    events = [links.events_path(kind, run_id) for kind in RunKind]
    reports = [links.report_path(kind, run_id).removesuffix("report/") for kind in RunKind]
    return [*reports, links.console_path(run_id), *events]
