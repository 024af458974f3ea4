"""The routes around schedules."""

from datetime import UTC, datetime

from fastapi import APIRouter

from functions.submit import views
from functions.submit.asking import ApiKey, Viewer
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented
from matinee.model.cron import read
from matinee.model.errors import NotFoundError

router = APIRouter(dependencies=[ApiKey], tags=["schedules"])


@router.get(
    "/api/jobs/{job_id}/schedule",
    operation_id="getSchedule",
    summary="A job's schedule",
    response_model_exclude_none=True,
    responses=documented(401, 404, 503),
)
def get_schedule(job_id: str, principal: Viewer) -> schemas.ScheduleDetails:
    """Give a job's schedule, the next times at which it fires, and what became of the last."""
    schedule = bootstrap.schedules().find(job_id, workspace_id=principal.workspace_id)
    if schedule is None:
        raise NotFoundError(
            "There is no such job, or it has no schedule. PUT the job with a `schedule` to give it one."
        )
    failing = job_id in bootstrap.ticks().failing([job_id])
    return views.schedule_details(schedule, bootstrap.ticks().list(job_id), failing=failing)


@router.post(
    "/api/schedules/preview",
    operation_id="previewSchedule",
    summary="What an expression means",
    response_model_exclude_none=True,
    responses=documented(400, 401, 422, 503),
)
def preview_schedule(body: schemas.PreviewRequest, principal: Viewer) -> schemas.Preview:  # noqa: ARG001 - a key is needed
    """Explain an expression in words, and with its next times. Nothing is saved."""
    now = datetime.now(UTC)
    return views.preview(read(body.cron, body.timezone, anchor=now), now=now)
