"""A job's schedule: when it fires, and what becomes of each tick (docs/schedules.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from matinee.model.cron import Timetable, read

#: EventBridge Scheduler puts the tick's time in the place of this (its user guide, "Context attributes").
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
#: So many runs of one schedule may wait for each other; a tick more is skipped. Else a schedule that is faster than its
#: job would never be done.
MAX_WAITING = 10
#: A schedule is failing when so many ticks in a row did not start.
FAILING_AFTER = 3
#: How late a tick may come. Scheduler gives it up after 2 minutes, Lambda's own queue after 5 more.
GRACE = timedelta(minutes=10)


class Overlap(StrEnum):
    """What a tick does while a run of the same schedule has not ended."""

    SKIP = "skip"  #: it starts nothing
    QUEUE = "queue"  #: its run begins when that one has ended
    REPLACE = "replace"  #: that one is cancelled


class Missed(StrEnum):
    """What becomes of the ticks that nobody was there for."""

    SKIP = "skip"  #: they are recorded
    RUN_ONCE = "run_once"  #: the last of them starts a run, late


class TickOutcome(StrEnum):
    """What became of a tick."""

    STARTED = "started"  #: a run
    QUEUED = "queued"  #: a run that waits for the one before
    REPLACED = "replaced"  #: a run, and the one before was cancelled
    SKIPPED = "skipped"  #: the one before had not ended
    MISSED = "missed"  #: nothing; `MissReason` says why


class MissReason(StrEnum):
    """Why a tick did not start anything."""

    STACK_DOWN = "stack_down"
    NOT_DELIVERED = "not_delivered"
    PAUSED = "paused"
    CHANGED = "changed"
    START_FAILED = "start_failed"


#: The same for people.
EXPLAINED: dict[MissReason, str] = {
    MissReason.STACK_DOWN: "Matinee was not running.",
    MissReason.NOT_DELIVERED: "EventBridge Scheduler did not deliver it.",
    MissReason.PAUSED: "The schedule was paused when it came.",
    MissReason.CHANGED: "The schedule was changed before it came.",
    MissReason.START_FAILED: "The run could not be started.",
}


@dataclass(frozen=True, kw_only=True)
class ScheduleDraft:
    """What somebody saves as a job's schedule."""

    cron: str
    timezone: str
    enabled: bool
    overlap: Overlap
    missed: Missed
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Plan:
    """When a schedule fires, between its first and its last day."""

    timetable: Timetable
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, draft: ScheduleDraft, *, anchor: datetime) -> "Plan":
        """Read a schedule; a rate counts from `anchor`.

        Raises:
            CronError: if it makes no sense.
        """
        return cls(read(draft.cron, draft.timezone, anchor=anchor), draft.starts_at, draft.ends_at)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Give the times after `moment` at which it fires, in UTC."""
        if self.starts_at and moment < self.starts_at:
            moment = self.starts_at - timedelta(microseconds=1)
        for at in self.timetable.after(moment):
            if self.ends_at and at > self.ends_at:
                return
            yield at

    def between(self, since: datetime, until: datetime, *, limit: int) -> list[datetime]:
        """Give the first `limit` times after `since` at which it fires, up to `until`."""
        found: list[datetime] = []
        for at in self.after(since):
            if at > until or len(found) == limit:
                break
            found.append(at)
        return found

    def fires_at(self, moment: datetime) -> bool:
        """Whether it fires at this very moment."""
        return self.timetable.fires_at(moment) and next(self.after(moment - timedelta(seconds=1)), None) == moment


def decide(overlap: Overlap, *, unfinished: int) -> TickOutcome:
    """Tell what a tick becomes while so many runs of its schedule have not ended."""
    if not unfinished:
        return TickOutcome.STARTED
    match overlap:
        case Overlap.REPLACE:
            return TickOutcome.REPLACED
        case Overlap.QUEUE if unfinished <= MAX_WAITING:
            return TickOutcome.QUEUED
        case _:
            return TickOutcome.SKIPPED
