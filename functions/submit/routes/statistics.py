"""The route to figures."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from functions.submit import views
from functions.submit.asking import ApiKey, Viewer
from matinee import bootstrap
from matinee.http import schemas
from matinee.http.problems import documented
from matinee.model.statistics import MAX_DAYS, Days
from matinee.model.zones import zone_of

router = APIRouter(dependencies=[ApiKey], tags=["statistics"])


@router.get(
    "/api/statistics",
    operation_id="getStatistics",
    summary="What the last days' runs came to",
    response_model_exclude_none=True,
    responses=documented(401, 422, 503),
)
def get_statistics(
    principal: Viewer,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="So many days, today among them.")] = 14,
    timezone: Annotated[schemas.Timezone, Query(description="Whose midnights part the days.")] = "UTC",
) -> schemas.Statistics:
    """Give figures of what ended on each day and on all of them, the saved tests that stand out, and what runs next."""
    now = datetime.now(UTC)
    span = Days.up_to(now, days=days, zone=zone_of(timezone))
    found = bootstrap.figures().of(principal.workspace_id, span)
    upcoming = views.upcoming(bootstrap.schedules().named(principal.workspace_id), now=now)
    return schemas.Statistics.model_validate(
        {
            **vars(found),
            "days": days,
            "timezone": timezone,
            "since": span.since,
            "until": span.until,
            "next": upcoming,
        }
    )
