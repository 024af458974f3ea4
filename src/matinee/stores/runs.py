"""Runs and their tests in Postgres: the truth about them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from matinee.model.errors import ConflictError, NotFoundError
from matinee.model.run import ADVICE, Reason, RunKind, RunStatus, RunTrigger, verdict
from matinee.model.work import TestOrder, TestResult
from matinee.stores.ids import cursor_behind, is_id, read_cursor
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, Run, RunSummary, RunTest, from_ms
from matinee.stores.sql import queries

__all__ = ["NewRun", "Run", "RunSummary", "RunTest", "Runs"]


class Runs:
    """All runs. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("runs")

    # -- what people ask for ----------------------------------------------------------------------------------------

    def create(self, new: NewRun) -> Run:
        """Make `new`, or give the run that its idempotency key made before.

        Raises:
            ConflictError: if that key came with another request.
        """
        with self._database.transaction() as connection:
            run_id = self._run_of_key(connection, new) if new.idempotency_key else new.id
            if run_id == new.id:
                connection.execute(self._sql["insert_run"], asdict(new))
                common = {"workspace_id": new.workspace_id, "run_id": new.id}
                tests = [{**asdict(test), "variables": Jsonb(dict(test.variables)), **common} for test in new.tests]
                rows = [{**test, "position": position} for position, test in enumerate(tests)]
                connection.cursor().executemany(self._sql["insert_test"], rows)
            return self._load(connection, run_id)

    def get(self, workspace_id: str, run_id: str) -> Run:
        """Give a run.

        Raises:
            NotFoundError: if the workspace has none with this id; also if it is no id at all.
        """
        if not is_id(run_id):
            raise NotFoundError("There is no such run.")
        with self._database.transaction() as connection:
            return self._load(connection, run_id, workspace_id=workspace_id)

    def list(
        self,
        workspace_id: str,
        *,
        statuses: Sequence[RunStatus] | None = None,
        kind: RunKind | None = None,
        trigger: RunTrigger | None = None,
        job_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[RunSummary], str | None]:
        """Give a page of the workspace's runs, newest first, and the cursor of the next page if there is one.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        wanted = {
            "workspace_id": workspace_id,
            "statuses": [status.value for status in statuses] if statuses else None,
            "kind": kind,
            "trigger": trigger,
            "job_id": job_id,
            "before": read_cursor(cursor) if cursor else None,
            "limit": limit + 1,
        }
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["list_runs"], wanted).fetchall()
        found = [RunSummary.from_row(row) for row in rows[:limit]]
        return found, cursor_behind(found[-1].id) if len(rows) > limit else None

    def request_cancel(self, workspace_id: str, run_id: str, *, at: datetime) -> Run:
        """Note that somebody wants the run to stop; a run that ended stays as it is.

        Raises:
            NotFoundError: as `get` does.
        """
        if not is_id(run_id):
            raise NotFoundError("There is no such run.")
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_cancel"], {"workspace_id": workspace_id, "run_id": run_id, "at": at})
            return self._load(connection, run_id, workspace_id=workspace_id)

    # -- what happens to a run; each is safe to say twice, and raises NotFoundError if the run was deleted -------------

    def mark_running(self, run_id: str, test_id: str, *, at: datetime) -> Run:
        """Note that a worker began the test; nothing happens if that, or more, is known."""
        with self._database.transaction() as connection:
            changed = {"run_id": run_id, "test_id": test_id, "at": at}
            connection.execute(self._sql["lock_run"], changed)  # first, as finish_test does: else they deadlock
            if connection.execute(self._sql["begin_test"], changed).rowcount:
                connection.execute(self._sql["begin_run"], changed)
            return self._load(connection, run_id)

    def finish_test(self, run_id: str, test_id: str, result: TestResult) -> Run:
        """Note the test's result, and the run's verdict if no other test is open; the first result stays."""
        with self._database.transaction() as connection:
            # Two last tests that end at once must not both leave the closing to the other.
            connection.execute(self._sql["lock_run"], {"run_id": run_id})
            connection.execute(self._sql["end_test"], {"run_id": run_id, "test_id": test_id, **_outcome(result)})
            run = self._load(connection, run_id)
            if run.status.is_terminal or any(not test.status.is_terminal for test in run.tests):
                return run
            connection.execute(self._sql["end_run"], {"run_id": run_id, **_verdict(run.tests)})
            return self._load(connection, run_id)

    def mark_report(self, run_id: str, *, at: datetime | None) -> Run:
        """Note that the run's report can be read; with None nothing is noted."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_report"], {"run_id": run_id, "at": at})
            return self._load(connection, run_id)

    def mark_end_said(self, run_id: str, *, at: datetime) -> None:
        """Note that the run's events are complete: sweep need not look at it any more."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_end_said"], {"run_id": run_id, "at": at})

    # -- the way to the workers -------------------------------------------------------------------------------------

    def orders(self, run_id: str) -> Sequence[TestOrder]:
        """Give the orders of the run's tests that have not ended."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["orders"], {"run_id": run_id}).fetchall()
        return [TestOrder(**{**row, **{name: str(row[name]) for name in _ORDER_IDS}}) for row in rows]

    def mark_sent(self, test_id: str, *, at: datetime, lost: bool = False) -> None:
        """Note that the test's order is on the queue; `lost`: once more, because its worker disappeared."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_sent"], {"test_id": test_id, "at": at, "lost": lost})

    def unfinished(self, *, after: str | None = None, limit: int = 100) -> Sequence[Run]:
        """Give runs whose events are not complete, oldest first, from the one behind `after`."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["unfinished"], {"after": after, "limit": limit}).fetchall()
            return [self._load(connection, str(row["id"])) for row in rows]

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

    def _load(self, connection: Connection[DictRow], run_id: str, *, workspace_id: str | None = None) -> Run:
        wanted = {"run_id": run_id, "workspace_id": workspace_id}
        row = connection.execute(self._sql["get_run"], wanted).fetchone()
        if row is None:
            raise NotFoundError("There is no such run.")
        tests = connection.execute(self._sql["get_tests"], wanted).fetchall()
        return Run.from_row(row, tests=tuple(RunTest.from_row(test) for test in tests))


_ORDER_IDS = ("workspace_id", "run_id", "test_id")


def _outcome(result: TestResult) -> Mapping[str, Any]:
    """Give a result's columns. A test that nobody began (no attempts) has no time of beginning."""
    return {
        "status": result.status,
        "reason": result.reason,
        "message": _storable(result.message),
        "started_at": from_ms(result.started_at) if result.attempts else None,
        "ended_at": from_ms(result.ended_at),
        "duration_ms": result.duration_ms,
        "attempts": result.attempts,
        "cases": Jsonb([_storable(case.model_dump(mode="json")) for case in result.cases]),
    }


def _verdict(tests: Sequence[RunTest]) -> Mapping[str, Any]:
    """Give a run's verdict, with the reason and message of the first test that brought it about."""
    status = verdict(test.status for test in tests)
    if status is RunStatus.PASSED:
        return {"status": status, "reason": None, "message": None}
    if culprit := next((test for test in tests if test.status.value == status.value), None):
        return {"status": status, "reason": culprit.reason, "message": culprit.message}
    return {"status": status, "reason": Reason.NO_TESTS, "message": ADVICE[Reason.NO_TESTS]}  # all were skipped


def _storable(value: Any) -> Any:
    """Replace the one character that Postgres has no place for: a test's error message may well have a NUL."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case dict():
            return {name: _storable(member) for name, member in value.items()}
    return value
