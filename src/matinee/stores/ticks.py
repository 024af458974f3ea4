"""What became of each tick of jobs' schedules, in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.errors import NotFoundError
from matinee.model.schedule import EXPLAINED, FAILING_AFTER, MissReason, TickOutcome, decide
from matinee.stores.limits import admit_run
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, known
from matinee.stores.runs import insert_run
from matinee.stores.schedules import Schedule, insert_missed
from matinee.stores.sql import queries


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A time at which a job was to run, and what became of it."""

    job_id: str
    at: datetime
    outcome: TickOutcome
    reason: MissReason | None
    message: str | None
    run_id: str | None  #: that it started, as long as that is there
    other_run_id: str | None  #: that was in its way
    recorded_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `ticks`."""
        return cls(
            job_id=str(row["job_id"]),
            at=known(row["at"]),
            outcome=TickOutcome(row["outcome"]),
            reason=MissReason(row["reason"]) if row["reason"] else None,
            message=row["message"],
            run_id=str(row["run_id"]) if row["run_id"] else None,
            other_run_id=str(row["other_run_id"]) if row["other_run_id"] else None,
            recorded_at=known(row["recorded_at"]),
        )


class Ticks:
    """The account of ticks. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("ticks")

    def fire(self, job_id: str, at: datetime, new: NewRun, *, message: str | None = None) -> Tick:
        """Account for the tick of `at`: make `new`, or not, as the schedule's overlap policy has it. Once per tick.

        Raises:
            NotFoundError: if the job has no schedule any more.
            TooManyRequestsError: if the workspace has no room for it.
        """
        with self._database.transaction() as connection:
            schedule = self._lock(connection, job_id)  # of two deliveries at once, the second finds the first's row
            if tick := self._tick(connection, job_id, at):
                return tick
            wanted = {"job_id": job_id, "before": None}
            ahead = connection.execute(self._sql["unfinished_runs"], wanted).fetchall()
            outcome = decide(schedule.overlap, unfinished=len(ahead))
            if outcome is not TickOutcome.SKIPPED:
                admit_run(connection, new)
                insert_run(
                    connection,
                    replace(_behind(ahead[-1], new) if outcome is TickOutcome.QUEUED else new, scheduled_at=at),
                )
            self._insert(
                connection,
                schedule,
                at,
                outcome=outcome,
                message=message,
                run_id=None if outcome is TickOutcome.SKIPPED else new.id,
                other_run_id=ahead[-1]["id"] if ahead else None,
            )
            return self._known(connection, job_id, at)

    def miss(self, job_id: str, at: datetime, *, reason: MissReason, message: str | None = None) -> Tick:
        """Account for a tick that starts nothing.

        Raises:
            NotFoundError: if the job has no schedule any more.
        """
        with self._database.transaction() as connection:
            schedule = self._lock(connection, job_id)
            told = message or EXPLAINED[reason]
            self._insert(connection, schedule, at, outcome=TickOutcome.MISSED, reason=reason, message=told)
            return self._known(connection, job_id, at)

    def ahead_of(self, job_id: str, run_id: str) -> Sequence[str]:
        """Give the runs of the job's schedule that have not ended and were made before this one."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["unfinished_runs"], {"job_id": job_id, "before": run_id}).fetchall()
        return [str(row["id"]) for row in rows]

    def newest_owed(self, schedule: Schedule, due: Sequence[datetime]) -> datetime | None:
        """Give the last of these times that has no row."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["known_ticks"], {"job_id": schedule.job_id, "times": list(due)})
            there = {row["at"] for row in rows}
        return next((at for at in reversed(due) if at not in there), None)

    def account(self, schedule: Schedule, due: Sequence[datetime]) -> int:
        """Record as missed those of these times that have no row; give how many. All before the last has its row then."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["lock_schedule"], {"job_id": schedule.job_id}).fetchone()
            if row is None or Schedule.from_row(row) != schedule:
                return 0  # it was deleted, or changed, which accounts for it
            connection.execute(self._sql["accounted"], {"job_id": schedule.job_id, "until": due[-1]})
            return insert_missed(connection, schedule, due, reason=MissReason.NOT_DELIVERED)

    def list(self, job_id: str, *, limit: int = 50) -> Sequence[Tick]:
        """Give the last ticks of a job, newest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["list_ticks"], {"job_id": job_id, "limit": limit}).fetchall()
        return [Tick.from_row(row) for row in rows]

    def failing(self, job_ids: Sequence[str] | None = None, *, patience_s: float | None = None) -> frozenset[str]:
        """Give the jobs, of these or of all, whose last ticks were all to start a run and did not."""
        wanted = {"job_ids": None if job_ids is None else list(job_ids), "ticks": FAILING_AFTER}
        with self._database.transaction(patience_s=patience_s) as connection:
            rows = connection.execute(self._sql["failing"], wanted).fetchall()
        return frozenset(str(row["job_id"]) for row in rows)

    def forget(self, before: datetime) -> int:
        """Delete the ticks from before then; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_ticks"], {"before": before}).rowcount

    # -- within a transaction ---------------------------------------------------------------------------------------

    def _lock(self, connection: Connection[DictRow], job_id: str) -> Schedule:
        connection.execute(self._sql["hold_job"], {"job_id": job_id})
        row = connection.execute(self._sql["lock_schedule"], {"job_id": job_id}).fetchone()
        if row is None:
            raise NotFoundError("The job has no schedule.")
        return Schedule.from_row(row)

    def _tick(self, connection: Connection[DictRow], job_id: str, at: datetime) -> Tick | None:
        row = connection.execute(self._sql["get_tick"], {"job_id": job_id, "at": at}).fetchone()
        return Tick.from_row(row) if row else None

    def _known(self, connection: Connection[DictRow], job_id: str, at: datetime) -> Tick:
        tick = self._tick(connection, job_id, at)
        assert tick is not None  # noqa: S101 - it was there, or was just inserted
        return tick

    def _insert(self, connection: Connection[DictRow], schedule: Schedule, at: datetime, **more: Any) -> None:
        empty = {"reason": None, "message": None, "run_id": None, "other_run_id": None}
        row = {**empty, "workspace_id": schedule.workspace_id, "job_id": schedule.job_id, "at": at, **more}
        connection.execute(self._sql["insert_tick"], row)


def _behind(ahead: Mapping[str, Any], new: NewRun) -> NewRun:
    """Let a run wait for another: its own time begins when that one's is over at the latest."""
    later = max(timedelta(0), ahead["deadline_at"] - new.created_at) if ahead["deadline_at"] else timedelta(0)
    return replace(new, in_line=True, deadline_at=new.deadline_at + later if new.deadline_at else None)
