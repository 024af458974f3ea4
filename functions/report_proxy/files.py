"""A file of a report, or why there is none."""

from starlette.requests import Request
from starlette.responses import Response

from functions.report_proxy import answers, policy
from matinee import bootstrap, settings
from matinee.http.pages import wants_page
from matinee.model.access import Principal
from matinee.model.errors import NotFoundError
from matinee.usecases.serve_report import Reports


def reports() -> Reports:
    """Give all reports."""
    version = settings.load(settings.VersionSettings).playwright_version
    return Reports(artifacts=bootstrap.artifacts(), runs=bootstrap.runs(), playwright_version=version)


def found(request: Request, reader: Principal, run_id: str, path: str) -> Response:
    """Give a file.

    Raises:
        NotFoundError: if there is none.
    """
    served = reports().open(
        reader.workspace_id,
        run_id,
        path,
        byte_range=request.headers.get("range"),
        etag=request.headers.get("if-none-match"),
        head=request.method == "HEAD",
    )
    own = settings.load(settings.ReportSettings).origins.own
    return answers.ObjectResponse(served, policy.add_to(served, path, own=own))


def missing(request: Request, reader: Principal, run_id: str) -> Response:
    """Say why there is none; to a person on a page that looks again, where that may help."""
    try:
        run, why = reports().why_missing(reader.workspace_id, run_id)
    except NotFoundError:
        if wants_page(request):
            return answers.no_such_run()
        raise
    return answers.missing(run, why, as_page=wants_page(request))
