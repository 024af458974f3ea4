"""How much a workspace may use, and what it is told when that is too little."""

from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.errors import TooManyRequestsError

#: When a queue that is full may have room again.
_QUEUE_AGAIN_S = 30


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a workspace may use; None: as much as there is."""

    max_concurrent_tests: int | None = None  #: with the workers at once; what is more waits for its turn
    max_queued_tests: int | None = None  #: that nobody has begun
    run_minutes_per_month: int | None = None  #: of all tests together, in a month of UTC
    requests_per_minute: int | None = None  #: of each key and member; None: as the installation has it


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a workspace uses now, and has used since its month began."""

    running: int  #: tests with the workers
    queued: int  #: tests that nobody has begun
    month_ms: int  #: for how long tests have run


def admit(limits: Limits, usage: Usage, *, tests: int, now: datetime) -> None:
    """Refuse a run of so many tests for which there is no room.

    Raises:
        TooManyRequestsError: it says which limit that is, who can change it, and when there will be room.
    """
    minutes, most = usage.month_ms / 60_000, limits.run_minutes_per_month
    if most is not None and minutes >= most:
        raise TooManyRequestsError(
            f"Tests have run for {minutes:,.0f} minutes this month, and {most:,} are what this workspace may use. {_WHO}",
            retry_after=_seconds_to_next_month(now),
        )
    if limits.max_queued_tests is not None and usage.queued + tests > limits.max_queued_tests:
        raise TooManyRequestsError(
            f"{usage.queued:,} tests wait already, and {limits.max_queued_tests:,} are the most that may, so {tests:,} more cannot. {_WHO}",
            retry_after=_QUEUE_AGAIN_S,
        )


_WHO = "Whoever looks after this installation can give it more (PUT /api/workspaces/{id}/limits)."


def month_of(now: datetime) -> datetime:
    """Give the beginning of the month, in UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _seconds_to_next_month(now: datetime) -> int:
    begin = month_of(now)
    following = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    return max(1, round((following - now).total_seconds()))
