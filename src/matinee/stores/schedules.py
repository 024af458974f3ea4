"""Jobs' schedules in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.schedule import (
    EXPLAINED,
    Missed,
    MissReason,
    Overlap,
    Plan,
    ScheduleDraft,
)
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.rows import known, utc
from matinee.stores.sql import queries

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

    def due(self, until: datetime) -> Sequence[datetime]:
        """Give the times up to then that are still to be accounted for: the oldest, if they are too many for one time."""
        return self.plan.between(self.accounted_until, until, limit=MOST_AT_ONCE)


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

    def named(self, workspace_id: str) -> Mapping[str, Schedule]:
        """Give the workspace's schedules that are not paused, by the names of their jobs, in the order of these."""
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_named"], {"workspace_id": workspace_id}).fetchall()
        return {row["name"]: Schedule.from_row(row) for row in rows}


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
        insert_missed(connection, old, old.due(now), reason=MissReason.CHANGED)
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
