"""The AWS emulator's app, with a clock for its Scheduler: `hypercorn local.clock:app`.

Its own (1.5.33) takes every expression for UTC, looks every ten seconds, and leaves the time of a tick as a placeholder.
"""

import logging
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from ministack.app import app
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge, scheduler

from matinee.model.cron import CronError, Timetable, read
from matinee.model.schedule import SCHEDULED_TIME

__all__ = ["app"]

logger = logging.getLogger("clock")

_LOOK_EVERY_S = 1
#: What was due while a laptop slept is not delivered any more, as Scheduler gives up after our retry policy's time.
_GIVE_UP_AFTER = timedelta(minutes=2)
#: When each schedule was last looked at.
_looked: dict[Any, datetime] = {}


def tick() -> None:
    """Fire what became due since the last time."""
    now = datetime.now(UTC)
    there = dict(scheduler._schedules._data)  # noqa: SLF001 - it has no other door
    for key, schedule in there.items():
        since = _looked.get(key) or datetime.fromtimestamp(schedule["CreationDate"], UTC)
        _looked[key] = now
        if schedule["State"] == "ENABLED":
            for at in _due(schedule, since=max(since, now - _GIVE_UP_AFTER), until=now):
                _fire(key, schedule, at)
    for key in _looked.keys() - there.keys():
        del _looked[key]


def _due(schedule: Mapping[str, Any], *, since: datetime, until: datetime) -> list[datetime]:
    start, end = (_moment(schedule.get(name)) for name in ("StartDate", "EndDate"))
    anchor = start or datetime.fromtimestamp(schedule["CreationDate"], UTC)
    try:
        times = _timetable(schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"], anchor).after(since)
    except CronError:
        logger.warning("%s cannot be read", schedule["ScheduleExpression"])
        return []
    due: list[datetime] = []
    for at in times:
        if at > until or (end and at > end):
            break
        if not start or at >= start:
            due.append(at)
    return due


@cache
def _timetable(expression: str, timezone: str, anchor: datetime) -> Timetable:
    """Read an expression. Scheduler's rates fire at their beginning, too, so they count from one interval before."""
    if not expression.startswith("rate("):
        return read(expression, timezone, anchor=anchor)
    first, second = islice(read(expression, timezone, anchor=anchor).after(anchor), 2)
    return read(expression, timezone, anchor=anchor - (second - first))


def _fire(key: tuple[str, str, str], schedule: Mapping[str, Any], at: datetime) -> None:
    account, region, _ = key
    set_request_account_id(account)
    set_request_region(region)
    target = deepcopy(schedule["Target"])
    told = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        target["Input"] = target["Input"].replace(SCHEDULED_TIME, told)
    event = {
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": at.timestamp(),
        "Resources": [schedule["Arn"]],
        "Account": account,
        "Region": region,
    }
    eventbridge._invoke_target(target, event, schedule)  # noqa: SLF001 - so its own clock does


def _moment(value: float | str | None) -> datetime | None:
    """Read a date as the emulator keeps it: as it came in JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)


scheduler._tick_schedules = tick  # noqa: SLF001
scheduler._SCHEDULE_TICK_INTERVAL = _LOOK_EVERY_S  # noqa: SLF001
