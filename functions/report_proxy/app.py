"""report_proxy: the HTML reports of runs, for those who may read them."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response, Security

from functions.report_proxy import answers, tickets
from matinee import bootstrap, settings
from matinee.http import problems
from matinee.http.auth import bearer, principal_from
from matinee.http.pages import wants_page
from matinee.http.problems import documented
from matinee.model.errors import NotFoundError, UnauthorizedError
from matinee.usecases.serve_report import Reports

_REPORT = "/api/test-results/tests/{test_id}/report"


def create_app() -> FastAPI:
    """Make the app; the stores are reached when the first client comes."""
    app = FastAPI(title="Matinee: reports", dependencies=[Security(bearer)])
    problems.install(app)
    app.add_api_route(_REPORT, to_folder, methods=["GET", "HEAD"], status_code=307, include_in_schema=False)
    app.add_api_route(_REPORT + "/{path:path}", report_file, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(
        _REPORT + "/{path:path}",
        report_file,
        operation_id="getReport",
        summary="A run's HTML report, and every file of it",
        response_class=Response,
        responses={206: {}, 304: {}, 416: {}, **documented(401, 404, 503)},
        tags=["runs"],
    )
    return app


def to_folder(request: Request) -> Response:
    """Send the browser to the folder: the report's own links are relative to it."""
    query = f"?{request.url.query}" if request.url.query else ""
    return Response(status_code=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"report/{query}"})


def report_file(request: Request, test_id: str, path: str) -> Response:
    """Give a file of the report. A browser may come with a ticket, which it keeps as a cookie from then on."""
    try:
        principal = principal_from(request, bootstrap.keys(), run_id=test_id)
    except UnauthorizedError:
        if wants_page(request):
            return answers.sign_in(test_id)
        raise
    if wants_page(request) and principal.run_id and "ticket" in request.query_params:
        return tickets.keep(request, test_id)
    reports = _reports()
    try:
        served = reports.open(
            principal.workspace_id,
            test_id,
            path,
            byte_range=request.headers.get("range"),
            etag=request.headers.get("if-none-match"),
            head=request.method == "HEAD",
        )
    except NotFoundError:
        return _missing(request, reports, principal.workspace_id, test_id)
    return answers.ObjectResponse(served)


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
