"""The routes to what a workspace may use, and does."""

from datetime import UTC, datetime

from fastapi import APIRouter

from functions.submit.asking import ApiKey, Owner, Viewer, operates
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented
from matinee.model.errors import ForbiddenError
from matinee.model.limits import Limits, month_of

router = APIRouter(dependencies=[ApiKey], tags=["access"])


@router.get(
    "/api/usage",
    operation_id="getUsage",
    summary="What the workspace uses, and may",
    response_model_exclude_none=True,
    responses=documented(401, 503),
)
def get_usage(principal: Viewer) -> schemas.Usage:
    """Give how many tests run and wait now, for how long tests have run this month, and the limits there are."""
    limits, usage = bootstrap.limits().get(principal.workspace_id)
    return schemas.Usage(
        running=usage.running,
        queued=usage.queued,
        since=month_of(datetime.now(UTC)),
        run_minutes=round(usage.month_ms / 60_000, 2),
        limits=schemas.Limits.model_validate(limits),
    )


@router.put(
    "/api/workspaces/{workspace_id}/limits",
    operation_id="putLimits",
    summary="Say how much a workspace may use",
    response_model_exclude_none=True,
    responses=documented(400, 401, 404, 413, 422, 503),
)
def put_limits(workspace_id: str, body: schemas.LimitsRequest, principal: Owner) -> schemas.Limits:
    """Put these limits in the place of those that there are; what is not given is not limited. That is for owners of the first workspace."""
    if not operates(principal):
        raise ForbiddenError("Only an owner of this installation's first workspace can change limits.")
    limits = Limits(**dict(body))
    bootstrap.limits().put(workspace_id, limits)
    bootstrap.planner().fill(workspace_id)
    return schemas.Limits.model_validate(limits)
