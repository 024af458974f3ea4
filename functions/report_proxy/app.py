"""report_proxy: the HTML reports of runs, for those who may read them."""

from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from functions.report_proxy import answers, tickets
from matinee import bootstrap, settings
from matinee.http import links, problems
from matinee.http.auth import credentials, principal_from
from matinee.http.openapi import Api, optional
from matinee.http.pages import wants_page
from matinee.http.problems import documented
from matinee.model.access import Role
from matinee.model.errors import NotFoundError, UnauthorizedError
from matinee.model.run import RunKind
from matinee.usecases.serve_report import ATTACHED, Reports

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
    return app


def to_folder(request: Request) -> Response:
    """Send the browser to the folder: the report's own links are relative to it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"report/{query}"})


def report_file(request: Request, run_id: str, path: str) -> Response:
    """Give a file of the report. A browser may come with a ticket, which it keeps as a cookie from then on."""
    try:
        principal = principal_from(request, bootstrap.keys(), bootstrap.sessions(), run_id=run_id)
    except UnauthorizedError:
        if wants_page(request):
            return answers.sign_in(run_id)
        raise
    if wants_page(request) and principal.run_id and "ticket" in request.query_params:
        return tickets.keep(request, run_id)
    reports = _reports()
    try:
        return _file(request, reports, principal.workspace_id, run_id, path)
    except NotFoundError:
        if request.url.path.startswith(_OF_JOBS) and (latest := reports.latest_of(principal.workspace_id, run_id)):
            return _latest(request, reports, principal.workspace_id, latest, path)
        return _missing(request, reports, principal.workspace_id, run_id)


def _file(request: Request, reports: Reports, workspace_id: str, run_id: str, path: str) -> Response:
    served = reports.open(
        workspace_id,
        run_id,
        path,
        byte_range=request.headers.get("range"),
        etag=request.headers.get("if-none-match"),
        head=request.method == "HEAD",
    )
    return answers.ObjectResponse(served, ours=not path.startswith(ATTACHED))


def _latest(request: Request, reports: Reports, workspace_id: str, run_id: str, path: str) -> Response:
    """Give a file of a job's latest report. A page moves on to that run, lest another one becomes the latest under its feet."""
    if wants_page(request):
        there = links.report_path(RunKind.JOB, run_id) + path
        return Response(
            status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": there, "Cache-Control": "no-store"}
        )
    try:
        answer = _file(request, reports, workspace_id, run_id, path)
    except NotFoundError:
        return _missing(request, reports, workspace_id, run_id)
    answer.headers["Cache-Control"] = "private, max-age=0, must-revalidate"  # the next run's may come in its place
    return answer


def _missing(request: Request, reports: Reports, workspace_id: str, run_id: str) -> Response:
    try:
        run, why = reports.why_missing(workspace_id, run_id)
    except NotFoundError:
        if wants_page(request):
            return answers.no_such_run()
        raise
    return answers.missing(run, why, as_page=wants_page(request))


def _reports() -> Reports:
    version = settings.load(settings.VersionSettings).playwright_version
    return Reports(artifacts=bootstrap.artifacts(), runs=bootstrap.runs(), playwright_version=version)
