"""The clock that the local stack's Scheduler goes by."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import clock
from matinee.model.schedule import SCHEDULED_TIME

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to targets."""
    told: list[str] = []
    monkeypatch.setattr(clock.eventbridge, "_invoke_target", lambda target, *_: told.append(target["Input"]))
    monkeypatch.setattr(clock, "_looked", {})
    monkeypatch.setattr(clock.scheduler._schedules, "_data", {})
    return told


def has(expression: str, zone: str = "UTC", **more: Any) -> None:
    """Let the emulator have a schedule, made at noon."""
    clock.scheduler._schedules._data["account", "region", f"matinee/{expression}"] = {
        "Arn": "arn",
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": zone,
        "CreationDate": NOON.timestamp(),
        "Target": {"Arn": "arn", "Input": SCHEDULED_TIME},
        **more,
    }


def look(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """Let the clock look so many seconds after noon."""
    for after in seconds:

        class Then(datetime):
            @classmethod
            def now(cls, tz: Any = None, *, after: float = after) -> datetime:
                assert tz is UTC
                return NOON + timedelta(seconds=after)

        monkeypatch.setattr(clock, "datetime", Then)
        clock.tick()


def test_a_schedule_fires_in_its_zone_and_says_when_it_was_due(
    fired: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; in Kathmandu it is 5:45 later. What is paused or cannot be read does not fire."""
    has("cron(46 17 * * ? *)", "Asia/Kathmandu")
    has("cron(46 17 * * ? 2026)", "UTC")
    has("cron(1 12 * * ? *)", State="DISABLED")
    has("cron(nonsense)")

    look(monkeypatch, 59, 60, 61, 62)

    assert ["2026-11-22T12:01:00Z"] == fired


def test_a_rate_begins_with_its_start_and_ends_with_its_end(fired: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    has(
        "rate(1 minute)",
        StartDate=(NOON + timedelta(seconds=90)).timestamp(),
        EndDate=(NOON + timedelta(seconds=220)).isoformat(),
    )

    look(monkeypatch, *range(0, 400, 10))

    assert ["2026-11-22T12:01:30Z", "2026-11-22T12:02:30Z", "2026-11-22T12:03:30Z"] == fired


def test_what_was_due_while_a_laptop_slept_is_given_up(fired: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As Scheduler does after two minutes; sweep records the rest as missed."""
    has("cron(* * * * ? *)")

    look(monkeypatch, 1, 3_600)

    assert ["2026-11-22T12:59:00Z", "2026-11-22T13:00:00Z"] == fired
