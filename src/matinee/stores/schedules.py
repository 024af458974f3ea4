"""Jobs' schedules in Postgres, and what became of each of their ticks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.errors import NotFoundError
from matinee.model.schedule import (
    EXPLAINED,
    FAILING_AFTER,
    Missed,
    MissReason,
    Overlap,
    Plan,
    ScheduleDraft,
    TickOutcome,
    decide,
)
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, known, utc
from matinee.stores.runs import insert_run
from matinee.stores.sql import queries

#: Sweep comes every minute; so long after the last one Matinee was away.
_AWAY_AFTER = timedelta(minutes=3)
#: So many ticks are accounted for in one transaction: a week of minutes.
MOST_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class Schedule(ScheduleDraft):
    """A job's schedule."""

    job_id: str
    workspace_id: str
    anchor_at: datetime  #: a rate counts from here
    accounted_until: datetime  #: every tick up to here has its row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `schedules`."""
        return cls(
            job_id=str(row["job_id"]),
            workspace_id=str(row["workspace_id"]),
            cron=row["cron"],
            timezone=row["timezone"],
            enabled=row["enabled"],
            overlap=Overlap(row["overlap"]),
            missed=Missed(row["missed"]),
            starts_at=utc(row["starts_at"]),
            ends_at=utc(row["ends_at"]),
            anchor_at=known(row["anchor_at"]),
            accounted_until=known(row["accounted_until"]),
        )

    @property
    def draft(self) -> ScheduleDraft:
        """What somebody saved."""
        return ScheduleDraft(**{field.name: getattr(self, field.name) for field in fields(ScheduleDraft)})

    @property
    def plan(self) -> Plan:
        """When it fires."""
        return Plan.of(self, anchor=self.anchor_at)


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


class Schedules:
    """All schedules. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("schedules")

    def find(self, job_id: str, *, workspace_id: str | None = None) -> Schedule | None:
        """Give a job's schedule if it has one; of the workspace alone, if one is given."""
        if not is_id(job_id):
            return None
        wanted = {"job_id": job_id, "workspace_id": workspace_id}
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["get_schedule"], wanted).fetchone()
        return Schedule.from_row(row) if row else None

    def enabled(self, *, after: str | None = None, limit: int = 100) -> Sequence[Schedule]:
        """Give the schedules that are not paused, in the order of their jobs' ids, from the one behind `after`."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["list_enabled"], {"after": after, "limit": limit}).fetchall()
        return [Schedule.from_row(row) for row in rows]

    def fire(self, job_id: str, at: datetime, new: NewRun, *, message: str | None = None) -> Tick:
        """Account for the tick of `at`: make `new`, or not, as the schedule's overlap policy has it. Once per tick.

        Raises:
            NotFoundError: if the job has no schedule any more.
        """
        with self._database.transaction() as connection:
            schedule = self._lock(connection, job_id)  # of two deliveries at once, the second finds the first's row
            if tick := self._tick(connection, job_id, at):
                return tick
            wanted = {"job_id": job_id, "before": None}
            ahead = connection.execute(self._sql["unfinished_runs"], wanted).fetchall()
            outcome = decide(schedule.overlap, unfinished=len(ahead))
            if outcome is not TickOutcome.SKIPPED:
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

    def owed(self, schedule: Schedule, *, until: datetime) -> Sequence[datetime]:
        """Give the ticks up to then that have no row: the oldest, if they are more than are accounted for at once."""
        due = schedule.plan.between(schedule.accounted_until, until, limit=MOST_AT_ONCE)
        if not due:
            return []
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["known_ticks"], {"job_id": schedule.job_id, "times": due}).fetchall()
        return [at for at in due if at not in {row["at"] for row in rows}]

    def account(self, schedule: Schedule, owed: Sequence[datetime], *, until: datetime) -> int:
        """Record as missed what is `owed` up to then, as far as it has no row; give how many."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["lock_schedule"], {"job_id": schedule.job_id}).fetchone()
            if row is None or Schedule.from_row(row) != schedule:
                return 0  # it was deleted, or changed, which accounts for it
            reached = owed[-1] if len(owed) == MOST_AT_ONCE else until
            connection.execute(self._sql["accounted"], {"job_id": schedule.job_id, "until": reached})
            return insert_missed(connection, schedule, owed, reason=MissReason.NOT_DELIVERED)

    def ticks(self, job_id: str, *, limit: int = 50) -> Sequence[Tick]:
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

    def beat(self, at: datetime) -> None:
        """Note that Matinee is there; and if it was not lately, since when."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["beat"], {"at": at}).fetchone()
            if row and row["before"] and at - row["before"] > _AWAY_AFTER:
                connection.execute(self._sql["note_outage"], {"began_at": row["before"], "ended_at": at})

    def forget(self, before: datetime) -> int:
        """Delete ticks and outages from before then; give how many ticks."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["forget_outages"], {"before": before})
            return connection.execute(self._sql["forget_ticks"], {"before": before}).rowcount

    # -- within a transaction ---------------------------------------------------------------------------------------

    def _lock(self, connection: Connection[DictRow], job_id: str) -> Schedule:
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


def schedules_of(connection: Connection[DictRow], job_ids: Sequence[str]) -> Mapping[str, Schedule]:
    """Give the schedules of jobs by their ids, within a transaction."""
    rows = connection.execute(queries("schedules")["schedules_of"], {"job_ids": list(job_ids)}).fetchall()
    return {str(row["job_id"]): Schedule.from_row(row) for row in rows}


def put_schedule(
    connection: Connection[DictRow], *, workspace_id: str, job_id: str, draft: ScheduleDraft | None
) -> None:
    """Save a job's schedule, or that it has none, within a transaction; ticks that it owes are recorded as missed."""
    sql, now = queries("schedules"), datetime.now(UTC)
    row = connection.execute(sql["lock_schedule"], {"job_id": job_id}).fetchone()
    old = Schedule.from_row(row) if row else None
    if old and old.enabled and (draft is None or _fires_otherwise(old, draft)):
        due = old.plan.between(old.accounted_until, now, limit=MOST_AT_ONCE)
        insert_missed(connection, old, due, reason=MissReason.CHANGED)
    if draft is None:
        connection.execute(sql["delete_schedule"], {"job_id": job_id})
        return
    same = old is not None and not _fires_otherwise(old, draft)
    begins = {
        "anchor_at": old.anchor_at if old and same else now.replace(second=0, microsecond=0),
        "accounted_until": old.accounted_until if old and same else now,
    }
    connection.execute(sql["put_schedule"], {**asdict(draft), **begins, "job_id": job_id, "workspace_id": workspace_id})


def insert_missed(
    connection: Connection[DictRow], schedule: Schedule, times: Sequence[datetime], *, reason: MissReason
) -> int:
    """Record these ticks as missed, those that have no row; give how many. Where Matinee was away, that is why."""
    row = {
        "workspace_id": schedule.workspace_id,
        "job_id": schedule.job_id,
        "times": list(times),
        "reason": reason,
        "message": EXPLAINED[reason],
        "away": MissReason.STACK_DOWN,
        "away_message": EXPLAINED[MissReason.STACK_DOWN],
    }
    return connection.execute(queries("schedules")["insert_missed"], row).rowcount if times else 0


def _fires_otherwise(old: Schedule, draft: ScheduleDraft) -> bool:
    """Whether it fires at other times, or not at all, from now on."""
    return any(
        getattr(old, name) != getattr(draft, name) for name in ("cron", "timezone", "enabled", "starts_at", "ends_at")
    )


def _behind(ahead: Mapping[str, Any], new: NewRun) -> NewRun:
    """Let a run wait for another: its own time begins when that one's is over at the latest."""
    later = max(timedelta(0), ahead["deadline_at"] - new.created_at) if ahead["deadline_at"] else timedelta(0)
    return replace(new, in_line=True, deadline_at=new.deadline_at + later if new.deadline_at else None)
