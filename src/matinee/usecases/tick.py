"""A schedule's time has come: start its job's run, once."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from matinee.model.errors import (
    DatabaseUnavailableError,
    LiveUnavailableError,
    MatineeError,
    NotFoundError,
    TooManyRequestsError,
)
from matinee.model.run import RunTrigger
from matinee.model.schedule import SCHEDULED_TIME, MissReason, TickOutcome
from matinee.stores.runs import Runs
from matinee.stores.schedules import Schedule, Schedules
from matinee.stores.ticks import Tick, Ticks
from matinee.usecases.cancel import Canceller
from matinee.usecases.launch import Launcher, Start
from matinee.usecases.start import Starter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticker:
    """Takes ticks. Each may come often, at once, late, or never."""

    schedules: Schedules
    ticks: Ticks
    runs: Runs
    starter: Starter
    launcher: Launcher
    canceller: Canceller

    def tick(self, job_id: str, at: datetime) -> Tick | None:
        """Account for a tick: start a run, or record why not.

        Returns:
            What became of it; None if it belongs to no schedule that there is.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: it must come again.
        """
        schedule = self.schedules.find(job_id)
        if schedule is None or not schedule.plan.fires_at(at):
            logger.warning("job %s: the tick of %s is none of its schedule's", job_id, at.isoformat())
            return None
        try:
            if not schedule.enabled:
                return self.ticks.miss(job_id, at, reason=MissReason.PAUSED)
            return self.fire(schedule, at)
        except NotFoundError:
            return None  # deleted in this moment

    def fire(self, schedule: Schedule, at: datetime, *, message: str | None = None) -> Tick:
        """Start what is to be started at `at`. What breaks off in between is done by a repetition, or by sweep.

        Raises:
            NotFoundError: if the schedule was deleted.
            DatabaseUnavailableError, LiveUnavailableError: as `tick` does.
        """
        start = Start(workspace_id=schedule.workspace_id, trigger=RunTrigger.SCHEDULE)
        try:
            new = self.starter.of_job(start, schedule.job_id)
        except (DatabaseUnavailableError, LiveUnavailableError, NotFoundError):
            raise
        except MatineeError as error:
            return self.ticks.miss(schedule.job_id, at, reason=MissReason.START_FAILED, message=error.detail)
        try:
            tick = self.ticks.fire(schedule.job_id, at, new, message=message)
        except TooManyRequestsError as error:
            return self.ticks.miss(schedule.job_id, at, reason=MissReason.START_FAILED, message=error.detail)
        if tick.run_id is None:
            return tick
        if tick.outcome is TickOutcome.REPLACED:
            for ahead in self.ticks.ahead_of(schedule.job_id, tick.run_id):
                self.canceller.cancel(schedule.workspace_id, ahead)
        self.launcher.queue(self.runs.get(schedule.workspace_id, tick.run_id))
        return tick


def time_of_tick(told: str) -> datetime:
    """Read the time at which a tick was due, as Scheduler tells it.

    An emulator may leave Scheduler's placeholder as it is: then the minute in which the tick comes is the one that was meant,
    for Scheduler's precision is a minute, too.

    Raises:
        ValueError: if it is no time.
    """
    if told == SCHEDULED_TIME:
        return datetime.now(UTC).replace(second=0, microsecond=0)
    return datetime.fromisoformat(told).astimezone(UTC)
