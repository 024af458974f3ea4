"""Limits and usage as the API takes and shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from matinee.http.schemas.shape import NUMBER, Request, Shape

_MOST = 1_000_000
_Some = Annotated[int, Field(ge=1, le=_MOST), NUMBER]
_Any = Annotated[int, Field(ge=0, le=_MOST), NUMBER]


class LimitsRequest(Request):
    """How much a workspace may use; what is not given is not limited."""

    max_concurrent_tests: _Some | None = Field(
        default=None, description="With the workers at once; what is more waits for its turn."
    )
    max_queued_tests: _Any | None = Field(default=None, description="That nobody has begun.")
    run_minutes_per_month: _Any | None = Field(default=None, description="Of all tests together, in a month of UTC.")
    requests_per_minute: _Some | None = Field(
        default=None, description="Of each key and member, instead of the installation's own limit."
    )


class Limits(Shape):
    """How much a workspace may use; what is not there is not limited."""

    max_concurrent_tests: int | None = None
    max_queued_tests: int | None = None
    run_minutes_per_month: int | None = None
    requests_per_minute: int | None = None


class Usage(Shape):
    """What a workspace uses."""

    running: int = Field(description="Tests that run now.")
    queued: int = Field(description="Tests that nobody has begun.")
    since: datetime = Field(description="The beginning of the month, in UTC.")
    run_minutes: float = Field(description="For so long tests have run since then, together.")
    limits: Limits
