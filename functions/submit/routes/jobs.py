"""The routes around jobs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from functions.submit import views
from functions.submit.asking import ApiKey, Cursor, Editor, IdempotencyKey, IfMatch, Limit, Viewer, starting
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.preconditions import etag, seen_version
from matinee.http.problems import documented
from matinee.model.schedule import ScheduleDraft
from matinee.stores.jobs import Job, JobDraft
from matinee.usecases.start import Item

router = APIRouter(dependencies=[ApiKey], tags=["jobs"])


@router.post(
    "/api/jobs",
    operation_id="createJob",
    summary="Save a job",
    status_code=201,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 503),
)
def create_job(body: schemas.JobRequest, principal: Editor, response: Response) -> schemas.Job:
    """Save which tests run together, and how."""
    job = bootstrap.jobs().create(principal.workspace_id, _draft(body))
    if job.schedule:
        bootstrap.timekeeper().sync(job.id)
    response.headers["ETag"] = etag(job.version)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return _shown(job)


@router.get(
    "/api/jobs",
    operation_id="listJobs",
    summary="List jobs, newest first",
    response_model_exclude_none=True,
    responses=documented(400, 401, 422, 503),
)
def list_jobs(
    principal: Viewer,
    name: Annotated[schemas.Text | None, Query(max_length=200, description="The one of exactly this name.")] = None,
    search: Annotated[
        schemas.Text | None, Query(max_length=200, description="In name or description; in capitals or not.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.JobPage:
    """Give a page of the workspace's jobs, without their tests."""
    found, following = bootstrap.jobs().list(
        principal.workspace_id, name=name, search=search, limit=limit, cursor=cursor
    )
    failing = bootstrap.ticks().failing([job.id for job in found if job.schedule])
    return schemas.JobPage(items=[views.job_summary(job, failing=failing) for job in found], next_cursor=following)


@router.post(
    "/api/jobs/run",
    operation_id="runJob",
    summary="Run a job",
    status_code=202,
    response_model_exclude_none=True,
    responses=documented(400, 401, 409, 413, 422, 503),
)
def run_job(
    body: schemas.JobRunRequest, principal: Editor, idempotency_key: IdempotencyKey = None
) -> schemas.RunAccepted:
    """Queue a run of a job: its own tests, or those given. Follow it by its events."""
    run = bootstrap.starter().job(
        starting(principal, idempotency_key),
        body.job_id,
        items=None if body.tests is None else [Item(**dict(item)) for item in body.tests],
        variables=body.variables,
    )
    return views.run_accepted(run)


@router.get(
    "/api/jobs/{job_id}",
    operation_id="getJob",
    summary="One job",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
)
def get_job(job_id: str, principal: Viewer, response: Response) -> schemas.Job:
    """Give a job, and how its newest run stands."""
    job = bootstrap.jobs().get(principal.workspace_id, job_id)
    response.headers["ETag"] = etag(job.version)
    return _shown(job)


@router.put(
    "/api/jobs/{job_id}",
    operation_id="updateJob",
    summary="Change a job",
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 409, 412, 413, 422, 428, 503),
)
def update_job(
    job_id: str, body: schemas.JobRequest, principal: Editor, response: Response, if_match: IfMatch = None
) -> schemas.Job:
    """Put all of a job in the place of what it was, also of its schedule. Runs that there are keep what they were made of."""
    seen = seen_version(if_match)
    job = bootstrap.jobs().update(principal.workspace_id, job_id, _draft(body), seen=seen)
    bootstrap.timekeeper().sync(job.id)
    response.headers["ETag"] = etag(job.version)
    return _shown(job)


@router.delete(
    "/api/jobs/{job_id}",
    operation_id="deleteJob",
    summary="Delete a job",
    status_code=204,
    responses=documented(401, 404, 503),
)
def delete_job(job_id: str, principal: Editor) -> None:
    """Delete a job with its runs, their results and their artifacts; what runs is stopped. Its tests stay."""
    bootstrap.deleter().job(principal.workspace_id, job_id)
    bootstrap.timekeeper().sync(job_id)


def _draft(body: schemas.JobRequest) -> JobDraft:
    schedule = ScheduleDraft(**dict(body.schedule)) if body.schedule else None
    return JobDraft(**{**dict(body), "schedule": schedule})


def _shown(job: Job) -> schemas.Job:
    return views.job(job, failing=bootstrap.ticks().failing([job.id]) if job.schedule else ())
