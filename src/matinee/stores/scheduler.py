"""EventBridge Scheduler: what fires by itself.

What a schedule is, is in its name: `<job's id>.<digest of all the rest>`. So what there should be and what there is are
compared by a list of names, a change is another name, and nothing is ever updated.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from matinee.model.errors import LiveUnavailableError
from matinee.model.schedule import SCHEDULED_TIME
from matinee.stores.schedules import Schedule

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_scheduler.type_defs import CreateScheduleInputTypeDef

#: How long Scheduler tries to deliver a tick. `matinee.model.schedule.GRACE` must be longer than this and Lambda's time.
_GIVE_UP_AFTER_S = 120


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One schedule as Scheduler has it."""

    job_id: str
    expression: str
    timezone: str
    anchor: str | None  #: from where a rate counts; None for a cron expression
    starts_at: str | None
    ends_at: str | None

    @property
    def name(self) -> str:
        """Its name in its group."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.job_id}.{digest[:12]}"


def entries(schedule: Schedule, *, now: datetime) -> dict[Entry, datetime]:
    """Give what Scheduler should have for a schedule, with the next time at which it fires: nothing for one that is over."""
    following = next(schedule.plan.after(now), None) if schedule.enabled else None
    if following is None:
        return {}
    rate = schedule.cron.lower().startswith("rate")
    made = [
        Entry(
            job_id=schedule.job_id,
            expression=expression,
            timezone=schedule.timezone,
            anchor=schedule.anchor_at.isoformat() if rate else None,
            starts_at=schedule.starts_at.isoformat() if schedule.starts_at else None,
            ends_at=schedule.ends_at.isoformat() if schedule.ends_at else None,
        )
        for expression in schedule.plan.timetable.expressions
    ]
    return dict.fromkeys(made, following)


class Scheduler:
    """The schedules of one group. Every method raises LiveUnavailableError if Scheduler does not answer."""

    def __init__(self, client: "EventBridgeSchedulerClient", *, group: str, target_arn: str, role_arn: str) -> None:
        self._client = client
        self._group = group
        self._target_arn = target_arn
        self._role_arn = role_arn

    def names(self, job_id: str | None = None) -> frozenset[str]:
        """Give the names of all schedules, or of one job's."""
        asked = {"GroupName": self._group, **({"NamePrefix": f"{job_id}."} if job_id else {})}
        with _translated():
            pages = self._client.get_paginator("list_schedules").paginate(**asked)  # type: ignore[arg-type] # both known
            return frozenset(each["Name"] for page in pages for each in page["Schedules"])

    def create(self, entry: Entry, *, following: datetime) -> None:
        """Let `entry` fire from now on; one that is there stays as it is."""
        request: CreateScheduleInputTypeDef = {
            "Name": entry.name,
            "GroupName": self._group,
            "ScheduleExpression": entry.expression,
            "ScheduleExpressionTimezone": entry.timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": self._target_arn,
                "RoleArn": self._role_arn,
                "Input": json.dumps({"jobId": entry.job_id, "scheduledAt": SCHEDULED_TIME}),
                "RetryPolicy": {"MaximumEventAgeInSeconds": _GIVE_UP_AFTER_S, "MaximumRetryAttempts": 10},
            },
        }
        if entry.anchor:  # a rate's first time is its start, which must not have passed
            request["StartDate"] = following
        elif entry.starts_at and datetime.fromisoformat(entry.starts_at) > datetime.now(UTC):
            request["StartDate"] = datetime.fromisoformat(entry.starts_at)
        if entry.ends_at:
            request["EndDate"] = datetime.fromisoformat(entry.ends_at)
        with _translated("ConflictException"):
            self._client.create_schedule(**request)

    def delete(self, name: str) -> None:
        """Let the schedule of that name fire no more; nothing happens if there is none."""
        with _translated("ResourceNotFoundException"):
            self._client.delete_schedule(Name=name, GroupName=self._group)


@contextmanager
def _translated(harmless: str | None = None) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == harmless:
            return
        raise LiveUnavailableError("EventBridge Scheduler does not answer. Try again in a moment.") from error
