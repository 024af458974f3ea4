"""Runs and their tests in Postgres, as people make and see them; what happens to them is in `tracking`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from matinee.model.errors import ConflictError, NotFoundError
from matinee.model.run import RunKind, RunStatus, RunTrigger
from matinee.model.work import TestOrder
from matinee.stores.ids import cursor_behind, is_id, read_cursor
from matinee.stores.limits import admit_run
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, Run, RunSummary, RunTest, order_of
from matinee.stores.sql import queries

__all__ = ["NewRun", "Run", "RunSummary", "RunTest", "Runs"]


class Runs:
    """All runs. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("runs")

    def create(self, new: NewRun) -> Run:
        """Make `new`, or give the run that its idempotency key made before.

        Raises:
            ConflictError: if that key came with another request.
            TooManyRequestsError: if the workspace has no room for it.
        """
        with self._database.within(new.workspace_id) as connection:
            run_id = self._run_of_key(connection, new) if new.idempotency_key else new.id
            if run_id == new.id:
                admit_run(connection, new)
                insert_run(connection, new)
            return load_run(connection, run_id)

    def get(self, workspace_id: str, run_id: str) -> Run:
        """Give a run.

        Raises:
            NotFoundError: if the workspace has none with this id; also if it is no id at all.
        """
        if not is_id(run_id):
            raise NotFoundError("There is no such run.")
        with self._database.within(workspace_id) as connection:
            return load_run(connection, run_id, workspace_id=workspace_id)

    def list(
        self,
        workspace_id: str,
        *,
        statuses: Sequence[RunStatus] | None = None,
        kind: RunKind | None = None,
        triggers: Sequence[RunTrigger] | None = None,
        job_id: str | None = None,
        test_id: str | None = None,
        search: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[RunSummary], str | None]:
        """Give a page of the workspace's runs, newest first, and the cursor of the next page if there is one.

        Args:
            workspace_id: Whose.
            statuses: How they stand.
            kind: Only this kind.
            triggers: How they were started.
            job_id: The job that they are runs of.
            test_id: A saved test that they have.
            search: What their title has in it, in capitals or not.
            since: They were made then or later, and
            until: before then.
            limit: How many at most.
            cursor: Where the page before ended.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        wanted = {
            "workspace_id": workspace_id,
            "statuses": [status.value for status in statuses] if statuses else None,
            "kind": kind,
            "triggers": [trigger.value for trigger in triggers] if triggers else None,
            "job_id": job_id,
            "test_id": test_id,
            "search": search,
            "since": since,
            "until": until,
            "before": read_cursor(cursor) if cursor else None,
            "limit": limit + 1,
        }
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_runs"], wanted).fetchall()
        found = [RunSummary.from_row(row) for row in rows[:limit]]
        return found, cursor_behind(found[-1].id) if len(rows) > limit else None

    def orders(self, run_id: str, *, test_ids: Sequence[str] | None = None) -> Sequence[TestOrder]:
        """Give the orders of the run's tests that have not ended; with `test_ids` of no others than these."""
        wanted = {"run_id": run_id, "test_ids": None if test_ids is None else list(test_ids)}
        with self._database.transaction() as connection:
            return [order_of(row) for row in connection.execute(self._sql["orders"], wanted).fetchall()]

    def forget_idempotency_keys(self, *, before: datetime) -> int:
        """Delete the idempotency keys taken before then; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_idempotency_keys"], {"before": before}).rowcount

    # -- within a transaction ---------------------------------------------------------------------------------------

    def _run_of_key(self, connection: Connection[DictRow], new: NewRun) -> str:
        row = connection.execute(self._sql["take_key"], asdict(new)).fetchone()
        assert row is not None  # noqa: S101 - the statement inserts or updates, and returns either row
        if row["fingerprint"] != new.fingerprint:
            raise ConflictError("This Idempotency-Key was used for another request. Take a new one.")
        return str(row["run_id"])


def insert_run(connection: Connection[DictRow], new: NewRun) -> None:
    """Make a run with all its tests, within a transaction."""
    sql = queries("runs")
    connection.execute(sql["insert_run"], asdict(new))
    common = {"workspace_id": new.workspace_id, "run_id": new.id}
    tests = [
        {**asdict(test), "variables": Jsonb([each.model_dump() for each in test.variables]), **common}
        for test in new.tests
    ]
    rows = [{**test, "position": position} for position, test in enumerate(tests)]
    connection.cursor().executemany(sql["insert_test"], rows)


def load_run(connection: Connection[DictRow], run_id: str, *, workspace_id: str | None = None) -> Run:
    """Read a run with all its tests, within a transaction; of the workspace alone, if one is given.

    Raises:
        NotFoundError: if there is none.
    """
    sql, wanted = queries("runs"), {"run_id": run_id, "workspace_id": workspace_id}
    row = connection.execute(sql["get_run"], wanted).fetchone()
    if row is None:
        raise NotFoundError("There is no such run.")
    tests = connection.execute(sql["get_tests"], wanted).fetchall()
    return Run.from_row(row, tests=tuple(RunTest.from_row(test) for test in tests))
