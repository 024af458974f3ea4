"""Jobs in Postgres: which saved tests run together, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from uuid_utils import uuid7

from matinee.model.errors import ConflictError, InvalidFieldsError, NotFoundError, PreconditionFailedError
from matinee.model.library import faults_of_references
from matinee.model.run import Counts, RunStatus
from matinee.model.schedule import ScheduleDraft
from matinee.stores.ids import cursor_behind, is_id, read_cursor
from matinee.stores.postgres import Database
from matinee.stores.recents import Recent, recents_of_jobs
from matinee.stores.rows import counts_of
from matinee.stores.schedules import Schedule, put_schedule, schedules_of
from matinee.stores.sql import queries

_NONE = "There is no such job: it was already deleted, or never existed."


@dataclass(frozen=True, kw_only=True)
class JobDraft:
    """What somebody saves as a job."""

    name: str
    description: str
    tests: tuple[str, ...]  #: ids of saved tests, in their order
    base_url: str | None
    parallelism: int
    retries: int
    timeout_seconds: int  #: of each test
    run_timeout_seconds: int | None  #: of a whole run; None: as long as its tests may take
    stop_after_failures: int | None  #: None: never
    schedule: ScheduleDraft | None = None

    def changes(self, saved: "Job") -> bool:
        """Whether saving it would change anything."""
        is_now = {field.name: getattr(saved, field.name) for field in fields(self)}
        is_now["schedule"] = saved.schedule.draft if saved.schedule else None
        return any(getattr(self, name) != value for name, value in is_now.items())


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """The newest run of a job."""

    run_id: str
    status: RunStatus
    created_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    counts: Counts

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read the columns of `get_job` and `list_jobs` that begin with `run_`."""
        return cls(
            run_id=str(row["run_id"]),
            status=RunStatus(row["run_status"]),
            created_at=row["run_created_at"],
            ended_at=row["run_ended_at"],
            duration_ms=row["run_duration_ms"],
            counts=counts_of(row["run_tally"]),
        )


@dataclass(frozen=True, kw_only=True)
class JobSummary:
    """A job, without its tests."""

    id: str
    version: int  #: counts from 1; each save that changes something makes the next
    name: str
    description: str
    base_url: str | None
    parallelism: int
    retries: int
    timeout_seconds: int
    run_timeout_seconds: int | None
    stop_after_failures: int | None
    created_at: datetime
    updated_at: datetime
    test_count: int
    last_run: LastRun | None
    recent: tuple[Recent, ...]  #: its last runs that ended, the oldest first
    schedule: Schedule | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """Read a row of `get_job` or `list_jobs`."""
        last_run = LastRun.from_row(row) if row["run_id"] else None
        plain = {field.name: row[field.name] for field in fields(JobSummary) if field.name in row}
        return cls(**{**plain, "id": str(row["id"]), "last_run": last_run, **more})


@dataclass(frozen=True, kw_only=True)
class Job(JobSummary):
    """A job."""

    tests: tuple[str, ...]


class Jobs:
    """All jobs. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer.

    What is asked of one job raises NotFoundError if the workspace has none with this id; also if it is no id at all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("jobs")

    def create(self, workspace_id: str, draft: JobDraft) -> Job:
        """Save a new job.

        Raises:
            ConflictError: if the workspace has another job of that name.
            InvalidFieldsError: if a test is none of the workspace's, or there twice.
        """
        row = {**asdict(draft), "id": str(uuid7()), "workspace_id": workspace_id}
        with self._database.within(workspace_id) as connection:
            if not connection.execute(self._sql["insert_job"], row).rowcount:
                raise _name_taken(draft)
            self._put_tests(connection, row)
            put_schedule(connection, workspace_id=workspace_id, job_id=row["id"], draft=draft.schedule)
            return self._load(connection, row)

    def get(self, workspace_id: str, job_id: str) -> Job:
        """Give a job."""
        wanted = _named(workspace_id, job_id)
        with self._database.within(workspace_id) as connection:
            return self._load(connection, wanted)

    def list(
        self,
        workspace_id: str,
        *,
        name: str | None = None,
        search: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[JobSummary], str | None]:
        """Give a page of the workspace's jobs, newest first, and the cursor of the next page if there is one.

        Args:
            workspace_id: Whose.
            name: The one of exactly that name.
            search: What their name or description has in it, in capitals or not.
            limit: How many at most.
            cursor: Where the page before ended.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        wanted = {
            "workspace_id": workspace_id,
            "name": name,
            "search": search,
            "before": read_cursor(cursor) if cursor else None,
            "limit": limit + 1,
        }
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_jobs"], wanted).fetchall()
            ids = [str(row["id"]) for row in rows[:limit]]
            schedules, recents = schedules_of(connection, ids), recents_of_jobs(connection, ids)
        found = [
            JobSummary.from_row(row, schedule=schedules.get(each), recent=recents[each])
            for each, row in zip(ids, rows, strict=False)
        ]
        return found, cursor_behind(found[-1].id) if len(rows) > limit else None

    def update(self, workspace_id: str, job_id: str, draft: JobDraft, *, seen: int | None) -> Job:
        """Save the job, if the version that was `seen` is its newest (None: whichever is).

        What changes nothing makes no version.

        Raises:
            PreconditionFailedError: if it is not; `extra` has the newest one's number as `version`.
            ConflictError, InvalidFieldsError: as `create` does.
        """
        row = {**asdict(draft), **_named(workspace_id, job_id)}
        try:
            with self._database.within(workspace_id) as connection:
                self._lock(connection, row, seen=seen)
                if draft.changes(self._load(connection, row)):
                    connection.execute(self._sql["update_job"], row)
                    connection.execute(self._sql["delete_job_tests"], row)
                    self._put_tests(connection, row)
                    put_schedule(connection, workspace_id=workspace_id, job_id=job_id, draft=draft.schedule)
                return self._load(connection, row)
        except UniqueViolation as error:
            raise _name_taken(draft) from error

    def _lock(self, connection: Connection[DictRow], wanted: Mapping[str, Any], *, seen: int | None) -> None:
        row = connection.execute(self._sql["lock_job"], wanted).fetchone()
        if row is None:
            raise NotFoundError(_NONE)
        if seen not in {None, row["version"]}:
            raise PreconditionFailedError(version=row["version"])

    def _put_tests(self, connection: Connection[DictRow], row: Mapping[str, Any]) -> None:
        asked = {**row, "tests": [test_id for test_id in row["tests"] if is_id(test_id)]}
        known = {str(found["id"]) for found in connection.execute(self._sql["known_tests"], asked)}
        if faults := faults_of_references(row["tests"], known):
            raise InvalidFieldsError({f"tests.{place}": fault for place, fault in faults.items()})
        connection.execute(self._sql["insert_job_tests"], asked)

    def _load(self, connection: Connection[DictRow], wanted: Mapping[str, Any]) -> Job:
        row = connection.execute(self._sql["get_job"], wanted).fetchone()
        if row is None:
            raise NotFoundError(_NONE)
        tests = connection.execute(self._sql["tests_of_job"], wanted).fetchall()
        schedule = schedules_of(connection, [wanted["id"]]).get(wanted["id"])
        recent = recents_of_jobs(connection, [wanted["id"]])[wanted["id"]]
        return Job.from_row(row, schedule=schedule, recent=recent, tests=tuple(str(test["test_id"]) for test in tests))


def _named(workspace_id: str, job_id: str) -> dict[str, Any]:
    if not is_id(job_id):
        raise NotFoundError(_NONE)
    return {"workspace_id": workspace_id, "id": job_id}


def _name_taken(draft: JobDraft) -> ConflictError:
    return ConflictError(f"There is another job named {draft.name}.", field="name")
