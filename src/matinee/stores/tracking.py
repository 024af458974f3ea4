"""What happens to runs, noted in Postgres: their tests are sent, begin, end; the last one's end closes the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.errors import NotFoundError
from matinee.model.run import ADVICE, Reason, RunKind, RunStatus, TestStatus, verdict
from matinee.model.work import RunOrder, TestOrder, TestResult
from matinee.stores.ids import is_id
from matinee.stores.limits import add_usage, free_places
from matinee.stores.postgres import Database
from matinee.stores.rows import Run, RunSummary, RunTest, order_of, outcome_of
from matinee.stores.runs import load_run
from matinee.stores.sql import queries

_OPEN = {TestStatus.QUEUED.value, TestStatus.RUNNING.value}
_TOO_LATE = "The job's time was over before this test was begun. Raise its runTimeoutSeconds or its parallelism."


@dataclass(frozen=True)
class Change:
    """A run and one of its tests, after something happened to that."""

    run: RunSummary
    test: RunTest
    closed: bool = False  #: the run ended with it
    made_room: bool = False  #: for tests of other runs, whose workspace has only so many places


@dataclass(frozen=True)
class Taken:
    """What became of a run's tests that nobody had been sent."""

    orders: Sequence[TestOrder] = ()  #: these are to be sent now, the first one first
    ended: int = 0  #: so many will never be sent: the run's time is over, or it had as many failures as it may


class Tracking:
    """Follows runs. Every method is one transaction that costs the same for runs of any size, unless it says otherwise.

    What is said twice changes nothing the second time. Every method raises DatabaseUnavailableError if Postgres does not
    answer, and NotFoundError if the run was deleted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("tracking")

    # -- on the way to the workers ----------------------------------------------------------------------------------

    def plan(self, workspace_id: str, run_id: str, *, at: datetime) -> RunSummary:
        """Note how long each test of the run took lately, and that its tests can be sent from now on.

        Its cost grows with the number of tests.
        """
        with self._database.within(workspace_id) as connection:
            planned = {"workspace_id": workspace_id, "run_id": run_id, "at": at}
            if connection.execute(self._sql["mark_planned"], planned).rowcount:
                connection.execute(self._sql["expect"], planned)
            return self._summary(connection, run_id)

    def take(self, run_id: str, *, at: datetime) -> Taken:
        """Mark as sent what can be sent now: with what is sent and has not ended, as many tests as `parallelism`, and as the workspace has places.

        It takes those first of which nobody knows how long they take, then the longest. If the run's time is over or
        its failures are too many, all that was not sent ends instead. Before `plan`, and once the run has ended or is
        to be cancelled, nothing is left to take.
        """
        with self._database.transaction() as connection:
            run = self._lock(connection, run_id)
            if run["planned_at"] is None or run["ended_at"] or run["cancel_requested_at"]:
                return Taken()
            load = connection.execute(self._sql["load"], {"run_id": run_id}).fetchone()
            assert load is not None  # noqa: S101 - it is an aggregate
            if outcome := _no_more(run, failures=load["failures"], at=at):
                return Taken(ended=self._end_unsent(connection, run_id, outcome, at=at))
            if not load["unsent"] or load["open"] >= run["parallelism"]:
                return Taken()
            free = run["parallelism"] - load["open"]
            if most := run["most_in_workspace"]:
                free = min(free, free_places(connection, run["workspace_id"], most=most))
            wanted = {"run_id": run_id, "at": at, "free": free}
            rows = connection.execute(self._sql["take"], wanted).fetchall()
            return Taken(orders=[order_of(row) for row in sorted(rows, key=lambda row: row["turn"])])

    def mark_sent(self, test_id: str, *, at: datetime, lost: bool = False) -> None:
        """Note that the test's order is on the queue; `lost`: once more, because its worker disappeared."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_sent"], {"test_id": test_id, "at": at, "lost": lost})

    # -- with a worker ----------------------------------------------------------------------------------------------

    def mark_running(self, run_id: str, test_id: str, *, at: datetime) -> Change:
        """Note that a worker began the test; nothing happens if that, or more, is known."""
        with self._database.transaction() as connection:
            self._lock(connection, run_id)  # first, as finish_test does: else they deadlock
            changed = {"run_id": run_id, "test_id": test_id, "at": at}
            if connection.execute(self._sql["begin_test"], changed).rowcount:
                connection.execute(self._sql["begin_run"], changed)
            return Change(self._summary(connection, run_id), self._test(connection, run_id, test_id))

    def finish_test(self, run_id: str, test_id: str, result: TestResult) -> Change:
        """Note the test's result, and the run's verdict if no other test is open; the first result stays."""
        with self._database.transaction() as connection:
            # Two last tests that end at once must not both leave the closing to the other.
            locked = self._lock(connection, run_id)
            ended = {"run_id": run_id, "test_id": test_id, **outcome_of(result)}
            if connection.execute(self._sql["end_test"], ended).rowcount:
                add_usage(connection, locked["workspace_id"], ms=result.duration_ms)
            run, closed = self._close_if_over(connection, run_id)
            made_room = locked["most_in_workspace"] is not None
            return Change(run, self._test(connection, run_id, test_id), closed, made_room)

    # -- to the run as a whole --------------------------------------------------------------------------------------

    def request_cancel(self, workspace_id: str, run_id: str, *, at: datetime) -> tuple[Run, int]:
        """Note that somebody wants the run to stop; a run that ended stays as it is.

        A job's tests that nobody was sent end with it, and if there are no others so does the run. A single test's order
        may be on the queue before it is marked so: that is for its lease to settle.

        Returns:
            The run as it is now, and how many of its tests ended.

        Raises:
            NotFoundError: if the workspace has no such run; also if it is no id at all.
        """
        if not is_id(run_id):
            raise NotFoundError("There is no such run.")
        with self._database.within(workspace_id) as connection:
            noted = {"workspace_id": workspace_id, "run_id": run_id, "at": at}
            row = connection.execute(self._sql["mark_cancel"], noted).fetchone()
            ended = 0
            if row and row["kind"] == RunKind.JOB:
                outcome = (TestStatus.CANCELLED, Reason.CANCELLED, ADVICE[Reason.CANCELLED])
                ended = self._end_unsent(connection, run_id, outcome, at=at)
            return load_run(connection, run_id, workspace_id=workspace_id), ended

    def give_up(self, run_id: str, *, at: datetime) -> int:
        """End as an error of ours all tests of the run that nobody was sent; give how many."""
        with self._database.transaction() as connection:
            self._lock(connection, run_id)
            outcome = (TestStatus.ERROR, Reason.INTERNAL, ADVICE[Reason.INTERNAL])
            return self._end_unsent(connection, run_id, outcome, at=at)

    def mark_report(self, run_id: str, *, at: datetime | None) -> RunSummary:
        """Note that the run's report can be read; with None nothing is noted."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_report"], {"run_id": run_id, "at": at})
            return self._summary(connection, run_id)

    def mark_end_said(self, run_id: str, *, at: datetime) -> None:
        """Note that the run's events are complete: sweep need not look at it any more."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["mark_end_said"], {"run_id": run_id, "at": at})

    # -- for those who mend -----------------------------------------------------------------------------------------

    def get(self, run_id: str) -> Run:
        """Give a run, whosever it is, with all its tests."""
        with self._database.transaction() as connection:
            return load_run(connection, run_id)

    def unfinished(self, *, after: str | None = None, limit: int = 100) -> Sequence[RunSummary]:
        """Give runs whose events are not complete, oldest first, from the one behind `after`."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["unfinished"], {"after": after, "limit": limit}).fetchall()
        return [RunSummary.from_row(row) for row in rows]

    def stuck(self) -> int:
        """Count the runs that should have ended an hour ago."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["count_stuck"]).fetchone()
        return int(row["runs"]) if row else 0

    def next_in_line(self, job_id: str) -> RunOrder | None:
        """Give the oldest unfinished run of a job's schedule, if it has waited for that to be planned."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["next_in_line"], {"job_id": job_id}).fetchone()
        if row is None or not row["waits"]:
            return None
        return RunOrder(workspace_id=str(row["workspace_id"]), run_id=str(row["id"]))

    def open_tests(self, run_id: str) -> Sequence[RunTest]:
        """Give the run's tests that are with the workers: not ended, and of a job's run sent."""
        with self._database.transaction() as connection:
            rows = connection.execute(self._sql["open_tests"], {"run_id": run_id}).fetchall()
        return [RunTest.from_row(row) for row in rows]

    # -- within a transaction ---------------------------------------------------------------------------------------

    def _lock(self, connection: Connection[DictRow], run_id: str) -> DictRow:
        row = connection.execute(self._sql["lock_run"], {"run_id": run_id}).fetchone()
        if row is None:
            raise NotFoundError("There is no such run.")
        return row

    def _end_unsent(
        self, connection: Connection[DictRow], run_id: str, outcome: tuple[TestStatus, Reason, str], *, at: datetime
    ) -> int:
        status, reason, message = outcome
        ended = {"run_id": run_id, "status": status, "reason": reason, "message": message, "at": at}
        tests = connection.execute(self._sql["end_unsent"], ended).rowcount
        self._close_if_over(connection, run_id)
        return tests

    def _close_if_over(self, connection: Connection[DictRow], run_id: str) -> tuple[RunSummary, bool]:
        """Give the run its verdict if all its tests have ended, with the reason of the first that brought it about."""
        row = self._row(connection, run_id)
        if row["ended_at"] or _OPEN & row["tally"].keys():
            return RunSummary.from_row(row), False
        status = verdict(TestStatus(name) for name in row["tally"])
        wanted = {"run_id": run_id, "status": status}
        culprit = None if status is RunStatus.PASSED else connection.execute(self._sql["culprit"], wanted).fetchone()
        connection.execute(self._sql["end_run"], {**wanted, **_blame(status, culprit)})
        return self._summary(connection, run_id), True

    def _summary(self, connection: Connection[DictRow], run_id: str) -> RunSummary:
        return RunSummary.from_row(self._row(connection, run_id))

    def _row(self, connection: Connection[DictRow], run_id: str) -> DictRow:
        row = connection.execute(self._sql["summary"], {"run_id": run_id}).fetchone()
        if row is None:
            raise NotFoundError("There is no such run.")
        return row

    def _test(self, connection: Connection[DictRow], run_id: str, test_id: str) -> RunTest:
        row = connection.execute(self._sql["get_test"], {"run_id": run_id, "test_id": test_id}).fetchone()
        if row is None:
            raise NotFoundError("There is no such test in this run.")
        return RunTest.from_row(row)


def _no_more(run: Mapping[str, Any], *, failures: int, at: datetime) -> tuple[TestStatus, Reason, str] | None:
    """Tell how a run's unsent tests end now, if they are not to be sent any more."""
    if run["deadline_at"] and at >= run["deadline_at"]:
        return TestStatus.TIMED_OUT, Reason.DEADLINE, _TOO_LATE
    if run["stop_after_failures"] and failures >= run["stop_after_failures"]:
        return TestStatus.SKIPPED, Reason.STOPPED_EARLY, ADVICE[Reason.STOPPED_EARLY]
    return None


def _blame(status: RunStatus, culprit: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if culprit or status is RunStatus.PASSED:
        return culprit or {"reason": None, "message": None}
    return {"reason": Reason.NO_TESTS, "message": ADVICE[Reason.NO_TESTS]}  # all were skipped
