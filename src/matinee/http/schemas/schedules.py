"""Jobs' schedules as the API takes and shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from matinee.http.schemas.shape import Moment, Request, Shape
from matinee.model.cron import MAX_EXPRESSION_LENGTH, CronError, read
from matinee.model.schedule import Missed, MissReason, Overlap, TickOutcome
from matinee.model.zones import zone_of

_MAX_ZONE_LENGTH = 64


def _zone(name: str) -> str:
    with _told():
        zone_of(name)
    return name


def _cron(expression: str, info: ValidationInfo) -> str:
    """Take what fires in its zone: what is a time in one may be none in another."""
    with _told():
        read(expression, info.data.get("timezone", "UTC"), anchor=datetime.now(UTC))
    return expression.strip()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CronError as error:
        told = {"sentence": str(error), "position": error.position, "suggestion": error.suggestion}
        raise PydanticCustomError("schedule", "{sentence}", told) from error


Cron = Annotated[
    str,
    Field(
        max_length=MAX_EXPRESSION_LENGTH,
        description="Five fields of cron, `@daily` and its like, or EventBridge Scheduler's own `cron(...)` and `rate(...)`.",
        examples=["*/15 9-17 * * mon-fri"],
    ),
    AfterValidator(_cron),
]
Timezone = Annotated[
    str,
    Field(max_length=_MAX_ZONE_LENGTH, description="By its IANA name.", examples=["Europe/Berlin"]),
    AfterValidator(_zone),
]


class ScheduleRequest(Request):
    """When a job runs by itself."""

    timezone: Timezone = "UTC"  # before what is read in it
    cron: Cron
    enabled: StrictBool = Field(default=True, description="`false` pauses it.")
    overlap: Overlap = Field(
        default=Overlap.SKIP,
        description="While a run of this schedule has not ended, the next is skipped, queued behind it, or replaces it.",
    )
    missed: Missed = Field(
        default=Missed.SKIP,
        description="Ticks that nobody was there for are recorded; with `run_once` the last of them is made up for.",
    )
    starts_at: Moment | None = Field(default=None, description="It does not fire before.")
    ends_at: Moment | None = Field(default=None, description="It does not fire after.")

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("endsAt must be after startsAt")
        return self


class Schedule(Shape):
    """When a job runs by itself."""

    cron: str
    timezone: str
    enabled: bool
    overlap: Overlap
    missed: Missed
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    words: str = Field(description="The expression in words.")
    next_at: datetime | None = Field(default=None, description="When it fires next; none if it is paused or over.")
    failing: bool = Field(default=False, description="Its last ticks should have started a run, and did not.")


class FireTime(Shape):
    """A time at which a schedule fires."""

    at: datetime = Field(description="In UTC.")
    local: datetime = Field(description="The same in the schedule's time zone.")


class IrregularTime(Shape):
    """A time of the clock's that summer time takes away, or gives twice."""

    local: str = Field(description="What the clock shows, or would.", examples=["2027-03-28T02:30:00"])
    what: Literal["skipped", "once"] = Field(
        description="`skipped`: that night it does not exist. `once`: it exists twice, and fires the first time only."
    )


class Tick(Shape):
    """A time at which a job was to run, and what became of it."""

    at: datetime
    outcome: TickOutcome
    reason: MissReason | None = None
    message: str | None = None
    run_id: str | None = Field(default=None, description="The run that it started.")
    other_run_id: str | None = Field(default=None, description="The run that was in its way.")
    recorded_at: datetime


class ScheduleDetails(Schedule):
    """A job's schedule, its next times and its last ticks."""

    next: list[FireTime] = Field(description="The next ten times.")
    irregular: list[IrregularTime] = Field(description="In the next year.")
    ticks: list[Tick] = Field(description="The last fifty, newest first.")


class PreviewRequest(Request):
    """An expression that somebody thinks of."""

    timezone: Timezone = "UTC"  # before what is read in it
    cron: Cron


class Preview(Shape):
    """What an expression means."""

    words: str
    next: list[FireTime] = Field(description="The next ten times.")
    irregular: list[IrregularTime] = Field(description="In the next year.")
    expressions: list[str] = Field(description="What EventBridge Scheduler is given: one, or two that count as one.")
