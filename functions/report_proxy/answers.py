"""What report_proxy answers: a file, or why there is none."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from matinee.http.pages import page
from matinee.http.problems import problem
from matinee.model.run import ADVICE, RunKind, RunStatus
from matinee.stores.artifacts import Served
from matinee.stores.rows import Run
from matinee.usecases.serve_report import Missing

#: After so many seconds a report that is not there yet is looked for again.
_SOON = 2


class ObjectResponse(StreamingResponse):
    """An object of the store, chunk by chunk, as fast as the client takes it; hung up when the client is gone."""

    def __init__(self, served: Served, headers: Mapping[str, str]) -> None:
        super().__init__(iter(served), status_code=served.status, headers=headers)
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._served.close()


def sign_in(run_id: str) -> Response:
    """Tell a person how to open the report."""
    return page(
        HTTPStatus.UNAUTHORIZED,
        title="This report needs a key",
        says="You are not signed in to it, or your ticket has expired. This prints a link that opens it:",
        code=f"matinee open {run_id}",
        advice="Programs send an API key instead: Authorization: Bearer mt_…",
        headers={"WWW-Authenticate": "Bearer"},
    )


def expired() -> Response:
    """Tell a person that their address opens nothing any more; it never names a run, for who knows whose it was."""
    return page(
        HTTPStatus.UNAUTHORIZED,
        title="This address opens no report any more",
        says="It was good for a while only. Open the report from its run's page in Matinee, or by a link made anew:",
        code="matinee open RUN",
        advice="Who was sent a link asks whoever sent it for another one.",
    )


def nowhere() -> Response:
    """Tell a person that nobody said where they may read reports."""
    return page(
        HTTPStatus.SERVICE_UNAVAILABLE,
        title="Reports have no origin here",
        says="A report is shown at an origin of its own only, where it cannot act for you. This one needs to be told which:",
        code="MATINEE_REPORT_ORIGINS=https://matinee.example=https://reports.example",
        advice="Programs may read it: Authorization: Bearer mt_…",
        tone="bad",
    )


def no_such_run() -> Response:
    """Tell a person that there is nothing, or nothing for them."""
    says = "It may have been deleted, or belong to another workspace."
    return page(HTTPStatus.NOT_FOUND, title="There is no such run", says=says, tone="bad")


def missing(run: Run, why: Missing, *, as_page: bool) -> Response:
    """Say why a file is not there, and whether it may come."""
    soon = {"Retry-After": str(_SOON)} if why is Missing.NOT_YET else {}
    if as_page:
        return _missing_page(run, why, soon)
    details = {
        Missing.NOT_YET: f"The report is not there yet: the run is {run.status}.",
        Missing.NONE: f"The run ended as {run.status}, without a report.",
        Missing.GONE: "The report was deleted, or has expired.",
        Missing.FILE: "There is no such file in the report.",
    }
    extra = {"runStatus": run.status, "reason": run.reason}
    answer = problem(
        HTTPStatus.NOT_FOUND, name=f"report-{why.name.lower().replace('_', '-')}", detail=details[why], extra=extra
    )
    answer.headers.update(soon)
    return answer


def _missing_page(run: Run, why: Missing, headers: dict[str, str]) -> Response:
    match why:
        case Missing.NOT_YET:
            title, says = _phase(run)
            return page(
                HTTPStatus.NOT_FOUND,
                title=title,
                says=says,
                advice=f"{run.title}: this page looks again every {_SOON} seconds.",
                again_after=_SOON,
                headers=headers,
            )
        case Missing.NONE:
            return page(
                HTTPStatus.NOT_FOUND,
                title="This run has no report",
                says=f"{run.title} ended as {run.status}, before there was anything to report.",
                code=run.message,
                advice=ADVICE[run.reason] if run.reason else None,
                tone="bad",
            )
        case Missing.GONE:
            says = "It was deleted, or has expired. The run and its result are kept."
            return page(HTTPStatus.NOT_FOUND, title="The report is gone", says=says, tone="bad")
        case Missing.FILE:
            says = "The report is there, but it has no file of this name."
            return page(HTTPStatus.NOT_FOUND, title="No such file", says=says, tone="bad")


def _phase(run: Run) -> tuple[str, str]:
    """Tell how far a run has come whose report is awaited."""
    counts = run.counts
    ended = counts.passed + counts.failed + counts.flaky + counts.skipped + counts.error
    match run.status, run.kind:
        case RunStatus.QUEUED, _:
            return "Waiting for its turn", "The run is queued; no worker has begun it yet."
        case RunStatus.RUNNING, RunKind.JOB:
            says = f"{ended} of {counts.total} tests have ended. The report is made when all of them have."
            return "Running", says
        case RunStatus.RUNNING, _:
            return "Running", "The test is running. Its report is made when it has ended."
    return "Almost there", f"The {run.kind} has ended: {run.status}. Its report is on its way."
