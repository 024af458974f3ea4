"""Deleting runs, alone, with their job, or for their age: out of Postgres at once, with word left for all the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.errors import NotFoundError
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.sql import queries


@dataclass(frozen=True, kw_only=True)
class Purge:
    """A run that was deleted, of which the live table and S3 may still have something."""

    run_id: str
    workspace_id: str
    open_tests: tuple[str, ...]  #: those that a worker might have had, or got, when the run was deleted
    settled: bool  #: nothing more was to come of it then
    created_at: datetime  #: when that was

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `waiting`."""
        return cls(
            run_id=str(row["run_id"]),
            workspace_id=str(row["workspace_id"]),
            open_tests=tuple(map(str, row["open_tests"])),
            settled=row["settled"],
            created_at=row["created_at"],
        )


class Deletions:
    """What was deleted. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer.

    A run's keys, tickets and tests go with it. Its row is locked before it is looked at: whoever sends its tests does
    that too, so none is sent that `purges` does not know.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("deletions")

    def delete_job(self, workspace_id: str, job_id: str) -> Sequence[str]:
        """Delete a job and all of its runs; give their ids.

        Raises:
            NotFoundError: if the workspace has none with this id; also if it is no id at all.
        """
        wanted = {"workspace_id": workspace_id, "job_id": job_id}
        with self._database.within(workspace_id) as connection:
            if not is_id(job_id) or not connection.execute(self._sql["lock_job"], wanted).rowcount:
                raise NotFoundError("There is no such job: it was already deleted, or never existed.")
            runs = self._move(connection, connection.execute(self._sql["lock_runs_of_job"], wanted).fetchall())
            connection.execute(self._sql["delete_job"], wanted)
        return runs

    def delete_run(self, workspace_id: str, run_id: str) -> None:
        """Delete a run.

        Raises:
            NotFoundError: if the workspace has none with this id; also if it is no id at all.
        """
        wanted = {"workspace_id": workspace_id, "run_id": run_id}
        with self._database.within(workspace_id) as connection:
            if not is_id(run_id) or not (found := connection.execute(self._sql["lock_run"], wanted).fetchall()):
                raise NotFoundError("There is no such run: it was already deleted, or never existed.")
            self._move(connection, found)

    def expire(self, before: datetime, *, limit: int) -> int:
        """Delete the oldest of the runs that ended before then, at most so many; give how many."""
        with self._database.transaction() as connection:
            found = connection.execute(self._sql["lock_old_runs"], {"before": before, "limit": limit}).fetchall()
            return len(self._move(connection, found))

    def waiting(self, *, only: Sequence[str] | None = None, limit: int = 1_000) -> Sequence[Purge]:
        """Give the runs that are to be forgotten everywhere, those first that somebody may be at; `only`: of these."""
        wanted = {"runs": None if only is None else list(only), "limit": limit}
        with self._database.transaction() as connection:
            return [Purge.from_row(row) for row in connection.execute(self._sql["waiting"], wanted)]

    def purged(self, run_id: str) -> None:
        """Note that nothing is left of the run."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["purged"], {"run_id": run_id})

    def _move(self, connection: Connection[DictRow], found: Sequence[DictRow]) -> Sequence[str]:
        runs = [str(row["id"]) for row in found]
        connection.execute(self._sql["leave_word"], {"runs": runs})
        connection.execute(self._sql["delete_runs"], {"runs": runs})
        return runs
