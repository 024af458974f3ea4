"""The routes around runs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from functions.submit import views
from functions.submit.asking import ApiKey, Cursor, Editor, IdempotencyKey, Limit, Reader, Viewer, starting, trigger_of
from matinee import bootstrap
from matinee.http import links, schemas
from matinee.http.problems import documented
from matinee.model.run import RunKind, RunStatus, RunTrigger
from matinee.usecases.submit import Submission

router = APIRouter(dependencies=[ApiKey])


@router.post(
    "/api/test",
    operation_id="submitTest",
    summary="Run a script",
    status_code=202,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 503),
    tags=["tests"],
)
def submit_test(
    body: schemas.TestRequest,
    principal: Editor,
    idempotency_key: IdempotencyKey = None,
) -> schemas.TestAccepted:
    """Queue a script. It runs at once if a worker is free; follow it by its events."""
    run = bootstrap.submitter().submit(
        Submission(**dict(body)),
        workspace_id=principal.workspace_id,
        trigger=trigger_of(principal),
        idempotency_key=idempotency_key,
    )
    return views.accepted(run)


@router.get(
    "/api/runs",
    operation_id="listRuns",
    summary="List runs, newest first",
    response_model_exclude_none=True,
    responses=documented(400, 401, 422, 503),
    tags=["runs"],
)
def list_runs(
    *,
    principal: Viewer,
    status: Annotated[list[RunStatus] | None, Query(description="Only these; may be given several times.")] = None,
    kind: Annotated[RunKind | None, Query(description="Only this kind.")] = None,
    trigger: Annotated[
        list[RunTrigger] | None, Query(description="Only those started so; may be given several times.")
    ] = None,
    job_id: Annotated[schemas.Id | None, Query(alias="jobId", description="Only this job's.")] = None,
    test_id: Annotated[
        schemas.Id | None, Query(alias="testId", description="Only those that have this saved test.")
    ] = None,
    search: Annotated[
        schemas.Text | None, Query(max_length=200, description="In the title; in capitals or not.")
    ] = None,
    since: Annotated[schemas.Moment | None, Query(description="Only those made then or later.")] = None,
    until: Annotated[schemas.Moment | None, Query(description="Only those made before.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.RunPage:
    """Give a page of the workspace's runs, without their tests."""
    found, following = bootstrap.runs().list(
        principal.workspace_id,
        statuses=status,
        kind=kind,
        triggers=trigger,
        job_id=job_id,
        test_id=test_id,
        search=search,
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    return schemas.RunPage(items=[views.summary(run) for run in found], next_cursor=following)


@router.get(
    "/api/runs/{run_id}",
    operation_id="getRun",
    summary="One run",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
    tags=["runs"],
)
def get_run(run_id: str, principal: Viewer) -> schemas.Run:
    """Give a run with its tests' results, and while it is queued its place among all that waits."""
    run = bootstrap.runs().get(principal.workspace_id, run_id)
    queued = run.status is RunStatus.QUEUED
    return views.shown(run, ahead=bootstrap.limits().ahead_of(principal.workspace_id, run_id) if queued else None)


@router.post(
    "/api/runs/{run_id}/cancel",
    operation_id="cancelRun",
    summary="Stop a run",
    status_code=202,
    response_model_exclude_none=True,
    responses={200: {"model": schemas.Run, "description": "It had ended."}, **documented(401, 404, 503)},
    tags=["runs"],
)
def cancel_run(run_id: str, principal: Editor, response: Response) -> schemas.Run:
    """Ask a run to stop. It keeps what there is: the console and the report so far. Its events tell when it ended."""
    run = bootstrap.canceller().cancel(principal.workspace_id, run_id)
    if run.status.is_terminal:
        response.status_code = 200
    return views.shown(run)


@router.post(
    "/api/runs/{run_id}/rerun",
    operation_id="rerunRun",
    summary="Run a run's tests again",
    status_code=202,
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 409, 422, 503),
    tags=["runs"],
)
def rerun_run(
    run_id: str, body: schemas.RerunRequest, principal: Editor, idempotency_key: IdempotencyKey = None
) -> schemas.RunAccepted:
    """Make a new run of the same scripts and variables, linked to this one, which must have ended."""
    return views.run_accepted(bootstrap.rerunner().rerun(starting(principal, idempotency_key), run_id, body.only))


@router.delete(
    "/api/runs/{run_id}",
    operation_id="deleteRun",
    summary="Delete a run",
    status_code=204,
    responses=documented(401, 404, 503),
    tags=["runs"],
)
def delete_run(run_id: str, principal: Editor) -> None:
    """Delete a run, its results and its artifacts; what runs is stopped."""
    bootstrap.deleter().run(principal.workspace_id, run_id)


@router.get(
    "/api/runs/{run_id}/console",
    operation_id="getConsole",
    summary="What a run printed",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **documented(401, 404, 503)},
    tags=["runs"],
)
def get_console(
    run_id: str,
    principal: Reader,
    test: Annotated[str | None, Query(description="Only of this one of the run's tests, by its id in the run.")] = None,
) -> Response:
    """Give what the run's tests printed, so far if it still runs. A browser may come with a ticket."""
    run = bootstrap.runs().get(principal.workspace_id, run_id)
    headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(bootstrap.console().of(run, test_id=test), media_type="text/plain; charset=utf-8", headers=headers)


@router.post(
    "/api/runs/{run_id}/tickets",
    operation_id="issueTicket",
    summary="Let a browser read a run",
    status_code=201,
    responses=documented(401, 404, 503),
    tags=["runs"],
)
def issue_ticket(run_id: str, principal: Viewer) -> schemas.Ticket:
    """Make a ticket for this one run: a browser cannot send an API key when it opens a report or listens to events."""
    run = bootstrap.runs().get(principal.workspace_id, run_id)
    ticket, expires_at = bootstrap.keys().issue_ticket(principal, run.id)
    return schemas.Ticket(
        ticket=ticket,
        expires_at=expires_at,
        report=f"{links.report_path(run.kind, run.id)}?ticket={ticket}",
        events=f"{links.events_path(run.kind, run.id)}?ticket={ticket}",
    )
