"""report_proxy: the HTML reports of runs, for those who may read them."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from functions.report_proxy import answers, files, shown
from matinee import bootstrap
from matinee.http import links, problems
from matinee.http.auth import credentials, principal_from
from matinee.http.openapi import Api, optional
from matinee.http.pages import wants_page
from matinee.http.problems import documented
from matinee.model.access import Principal, Role
from matinee.model.errors import NotFoundError, UnauthorizedError
from matinee.model.run import RunKind
from matinee.usecases.serve_report import RESULTS

_OF_JOBS = "/api/test-results/jobs/"
_REPORTS = {
    "/api/test-results/tests/{run_id}/report": ("getReport", "A run's HTML report, and every file of it"),
    _OF_JOBS + "{run_id}/report": ("getJobReport", "The report of a job's run; of its latest one, by the job's id"),
}
#: A browser is led on, and shown a page where a program gets a problem document.
_PAGE: dict[str, Any] = {"content": {"text/html": {}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **{status: {} for status in (206, 303, 304, 307, 416)},
    **{status: answer | _PAGE for status, answer in documented(401, 404).items()},
    **documented(429, 503),
}


def create_app() -> Api:
    """Make the app; the stores are reached when the first client comes."""
    app = Api(title="Matinee: reports", dependencies=[credentials])
    problems.install(app)
    for report, (operation, summary) in _REPORTS.items():
        app.add_api_route(report, to_folder, methods=["GET", "HEAD"], status_code=307, include_in_schema=False)
        app.add_api_route(report + "/{path:path}", report_file, methods=["HEAD"], include_in_schema=False)
        app.add_api_route(
            report + "/{path:path}",
            report_file,
            operation_id=operation,
            summary=summary,
            response_class=Response,
            responses=_ANSWERS,
            tags=["runs"],
            openapi_extra={"x-role": Role.VIEWER.value, **optional(header=["Range", "If-None-Match"])},
        )
    shown.add_to(app)
    return app


def to_folder(request: Request) -> Response:
    """Send the browser to the folder: the report's own links are relative to it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"report/{query}"})


def report_file(request: Request, run_id: str, path: str) -> Response:
    """Give a file of the report to a program with a key; lead a browser, with its session or a ticket, to where reports are shown.

    The results for other programs, which are no pages, everybody gets here who may read them.
    """
    try:
        principal = principal_from(request, bootstrap.keys(), bootstrap.sessions(), run_id=run_id)
    except UnauthorizedError:
        if wants_page(request):
            return answers.sign_in(run_id)
        raise
    give = files.found if "authorization" in request.headers or path in RESULTS else shown.lead_to
    try:
        return give(request, principal, run_id, path)
    except NotFoundError:
        latest = _latest_of(request, principal, run_id)
        if latest is None:
            return files.missing(request, principal, run_id)
    if give is shown.lead_to or wants_page(request):
        return _move_on(latest, path)
    try:
        answer = files.found(request, principal, latest, path)
    except NotFoundError:
        return files.missing(request, principal, latest)
    answer.headers["Cache-Control"] = "private, max-age=0, must-revalidate"  # the next run's may come in its place
    return answer


def _latest_of(request: Request, principal: Principal, job_id: str) -> str | None:
    """Give the latest run of a job, if it is one that was asked for, and not with a ticket, which is for one run."""
    if principal.run_id or not request.url.path.startswith(_OF_JOBS):
        return None
    return files.reports().latest_of(principal.workspace_id, job_id)


def _move_on(run_id: str, path: str) -> Response:
    """Send a browser to the job's latest run, lest another one becomes the latest under its feet."""
    there = links.report_path(RunKind.JOB, run_id) + quote(path)
    headers = {"Location": there, "Cache-Control": "no-store"}
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers=headers)
