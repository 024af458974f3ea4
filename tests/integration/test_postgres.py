import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from uuid_utils import uuid7

from local.postgres import EmbeddedPostgres
from matinee import stores
from matinee.model.access import Principal, Role
from matinee.model.errors import (
    ConflictError,
    DatabaseUnavailableError,
    InvalidRequestError,
    MatineeError,
    NotFoundError,
)
from matinee.model.run import Counts, Reason, RunKind, RunStatus, RunTrigger, TestStatus
from matinee.model.script import Language
from matinee.model.work import Case, Sealed, TestResult
from matinee.stores.keys import Keys
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun, NewTest, from_ms, to_ms
from matinee.stores.runs import Runs
from matinee.stores.tracking import Tracking

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def runs(database: Database) -> Runs:
    return Runs(database)


@pytest.fixture
def tracking(database: Database) -> Tracking:
    return Tracking(database)


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database)


@pytest.fixture
def workspace(keys: Keys) -> str:
    return keys.ensure_workspace()


def new_run(workspace: str, *, tests: int = 1, **more: Any) -> NewRun:
    made = [
        NewTest(
            id=str(uuid7()),
            title=f"test {position}",
            script="test('a', () => {})",
            language=Language.TYPESCRIPT,
            module=False,
            base_url=None,
            timeout_seconds=60,
            retries=0,
            variables=(Sealed(secret=True, text="1.a.b"),),
        )
        for position in range(tests)
    ]
    kind = RunKind.TEST if tests == 1 else RunKind.JOB
    fields: dict[str, Any] = {
        "id": made[0].id if tests == 1 else str(uuid7()),
        "workspace_id": workspace,
        "kind": kind,
        "trigger": RunTrigger.API,
        "title": "Playground",
        "created_at": NOW,
        "tests": tuple(made),
    }
    return NewRun(**{**fields, **more})


def result(status: str = "passed", **more: Any) -> TestResult:
    fields = {"started_at": to_ms(NOW), "ended_at": to_ms(NOW) + 1500, "duration_ms": 1400, "report": True}
    return TestResult(status=TestStatus(status), **{**fields, **more})


# the database


def test_migrating_twice_changes_nothing(database: Database) -> None:
    assert [] == database.migrate()


def test_two_processes_that_migrate_at_once_do_it_once(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh")
    fresh = [Database(postgres.replace("/matinee?", "/fresh?")) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(Database.migrate, fresh))

    names = sorted(file.stem for file in (Path(stores.__file__).parent / "migrations").glob("*.sql"))
    assert [[], [], [], names] == sorted(applied)
    for each in fresh:
        each.close()


def test_a_database_of_a_newer_matinee_is_not_touched(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO schema_migrations (name) VALUES ('9999_future')")
    try:
        with pytest.raises(MatineeError, match="newer Matinee \\(9999_future\\)"):
            database.migrate()
    finally:
        with database.transaction() as connection:
            connection.execute("DELETE FROM schema_migrations WHERE name = '9999_future'")


def test_every_table_carries_a_workspace(database: Database) -> None:
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT table_name, bool_or(column_name = 'workspace_id') AS has FROM information_schema.columns"
            " WHERE table_schema = 'public' GROUP BY table_name"
        ).fetchall()

    of_all = {"workspaces", "schema_migrations", "sweeps", "outages"}  # the installation's own
    assert of_all == {row["table_name"] for row in rows if not row["has"]}


def test_a_database_that_is_not_there_is_said_so_within_the_patience() -> None:
    nowhere = Database("postgresql:///x?host=/nonexistent", patience_s=0.5)

    with pytest.raises(DatabaseUnavailableError):
        nowhere.ping()
    nowhere.close()


def test_a_database_that_is_back_is_used_at_once_however_long_it_was_away(tmp_path: Path) -> None:
    """Whoever asked in vain meanwhile, every second, does not make the next one wait."""
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    database = Database(server.conninfo)
    try:
        database.ping()
        server.stop()
        away_until = time.monotonic() + 8
        while time.monotonic() < away_until:
            with pytest.raises(DatabaseUnavailableError):
                database.ping(patience_s=0.5)
            time.sleep(0.5)
        server.start()
        database.ping(patience_s=3)
    finally:
        database.close()
        server.stop()


def test_a_connection_that_was_cut_is_replaced_unnoticed(database: Database) -> None:
    database.ping()
    with database.transaction() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'matinee' AND pid <> pg_backend_pid()"
        )
        mine = connection.info.backend_pid
    with Database(database._pool.conninfo).transaction() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [mine])

    database.ping()


# runs


def test_a_new_run_is_queued_with_its_tests_in_their_order(runs: Runs, workspace: str) -> None:
    new = new_run(workspace, tests=3)

    run = runs.create(new)

    assert (new.id, RunStatus.QUEUED, NOW, None) == (run.id, run.status, run.created_at, run.started_at)
    assert Counts(total=3) == run.counts
    assert [test.id for test in new.tests] == [test.id for test in run.tests]
    assert run == runs.get(workspace, run.id)


def test_an_order_has_all_that_a_worker_needs(runs: Runs, workspace: str) -> None:
    new = new_run(workspace)
    runs.create(new)

    (order,) = runs.orders(new.id)

    assert (workspace, new.id, new.id) == (order.workspace_id, order.run_id, order.test_id)
    assert (new.tests[0].script, new.tests[0].variables) == (order.script, order.variables)


def test_a_naive_time_is_refused(workspace: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        new_run(workspace, created_at=datetime(2026, 5, 4))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("run_id", ["", "x", "0197\0", str(uuid7()), f"urn:uuid:{uuid7()}", str(uuid7()).upper() + "A"])
def test_an_unknown_id_is_not_found_whatever_it_looks_like(
    runs: Runs, tracking: Tracking, workspace: str, run_id: str
) -> None:
    with pytest.raises(NotFoundError):
        runs.get(workspace, run_id)
    with pytest.raises(NotFoundError):
        tracking.request_cancel(workspace, run_id, at=NOW)


def test_another_workspaces_run_is_not_found(
    runs: Runs, tracking: Tracking, workspace: str, new_workspace: Callable[[], str]
) -> None:
    run = runs.create(new_run(workspace))
    other = new_workspace()

    with pytest.raises(NotFoundError):
        runs.get(other, run.id)
    with pytest.raises(NotFoundError):
        tracking.request_cancel(other, run.id, at=NOW)
    assert ([], None) == runs.list(other)
    assert runs.get(workspace, run.id).cancel_requested_at is None


def test_an_idempotency_key_gives_the_first_run_again(runs: Runs, workspace: str) -> None:
    first = new_run(workspace, idempotency_key="k", fingerprint=b"same")

    made = runs.create(first)
    again = runs.create(new_run(workspace, idempotency_key="k", fingerprint=b"same"))

    assert made == again
    assert 1 == len(runs.list(workspace)[0])


def test_an_idempotency_key_with_another_request_is_a_conflict(runs: Runs, workspace: str) -> None:
    runs.create(new_run(workspace, idempotency_key="k", fingerprint=b"one"))

    with pytest.raises(ConflictError):
        runs.create(new_run(workspace, idempotency_key="k", fingerprint=b"another"))
    assert 1 == len(runs.list(workspace)[0])


def test_workspaces_do_not_share_idempotency_keys(runs: Runs, workspace: str, new_workspace: Callable[[], str]) -> None:
    ids = {
        runs.create(new_run(each, idempotency_key="k", fingerprint=each.encode())).id
        for each in (workspace, new_workspace())
    }

    assert 2 == len(ids)


def test_of_the_same_request_many_times_at_once_one_makes_the_run(runs: Runs, workspace: str) -> None:
    requests = [new_run(workspace, idempotency_key="k", fingerprint=b"same") for _ in range(8)]

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(runs.create, requests))

    assert 1 == len({run.id for run in made})


def test_idempotency_keys_are_forgotten_when_they_are_old(runs: Runs, workspace: str) -> None:
    runs.create(new_run(workspace, idempotency_key="k", fingerprint=b"one"))

    assert 0 == runs.forget_idempotency_keys(before=datetime.now(UTC) - timedelta(hours=1))
    assert 1 == runs.forget_idempotency_keys(before=datetime.now(UTC) + timedelta(hours=1))


def test_pages_give_every_run_once_newest_first_also_while_new_ones_come(runs: Runs, workspace: str) -> None:
    made = [runs.create(new_run(workspace)).id for _ in range(5)]

    first, cursor = runs.list(workspace, limit=2)
    runs.create(new_run(workspace))
    second, cursor = runs.list(workspace, limit=2, cursor=cursor)
    third, last_cursor = runs.list(workspace, limit=2, cursor=cursor)

    assert made[::-1] == [run.id for run in [*first, *second, *third]]
    assert last_cursor is None


def test_a_page_that_ends_with_the_last_run_has_no_next(runs: Runs, workspace: str) -> None:
    runs.create(new_run(workspace))

    assert runs.list(workspace, limit=1)[1] is None


@pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "ä", "A" * 22 + "B"])
def test_a_cursor_of_somebody_elses_making_is_refused(runs: Runs, workspace: str, cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        runs.list(workspace, cursor=cursor)


def test_a_list_can_be_narrowed(runs: Runs, tracking: Tracking, workspace: str) -> None:
    queued, passed = (runs.create(new_run(workspace)).id for _ in range(2))
    job = runs.create(new_run(workspace, tests=2)).id
    tracking.finish_test(passed, passed, result())

    def found(**narrow: Any) -> set[str]:
        return {run.id for run in runs.list(workspace, **narrow)[0]}

    assert {queued, job} == found(statuses=[RunStatus.QUEUED])
    assert {queued, job, passed} == found(statuses=[RunStatus.QUEUED, RunStatus.PASSED])
    assert {job} == found(kind=RunKind.JOB)
    assert set() == found(triggers=[RunTrigger.SCHEDULE])
    assert set() == found(kind=RunKind.JOB, statuses=[RunStatus.PASSED])


def test_a_run_runs_when_a_test_of_it_does(runs: Runs, tracking: Tracking, workspace: str) -> None:
    new = new_run(workspace, tests=2)
    runs.create(new)

    change = tracking.mark_running(new.id, new.tests[1].id, at=NOW)

    assert (RunStatus.RUNNING, NOW) == (change.run.status, change.run.started_at)
    assert [TestStatus.QUEUED, TestStatus.RUNNING] == [test.status for test in runs.get(workspace, new.id).tests]


def test_a_run_ends_with_its_last_test(runs: Runs, tracking: Tracking, workspace: str) -> None:
    new = new_run(workspace, tests=2)
    runs.create(new)

    half = tracking.finish_test(new.id, new.tests[0].id, result("failed", message="expected 1")).run
    later = result(started_at=to_ms(NOW) + 500, ended_at=to_ms(NOW) + 2500)
    whole = tracking.finish_test(new.id, new.tests[1].id, later).run

    assert RunStatus.QUEUED is half.status
    assert (RunStatus.FAILED, "expected 1", None) == (whole.status, whole.message, whole.reason)
    assert (NOW, from_ms(to_ms(NOW) + 2500), 2500) == (whole.started_at, whole.ended_at, whole.duration_ms)
    assert Counts(total=2, passed=1, failed=1) == whole.counts == runs.list(workspace)[0][0].counts


def test_the_first_result_stays(runs: Runs, tracking: Tracking, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id

    first = tracking.finish_test(run_id, run_id, result("failed"))

    assert first.closed
    assert replace(first, closed=False) == tracking.finish_test(run_id, run_id, result("passed"))
    assert replace(first, closed=False) == tracking.mark_running(run_id, run_id, at=NOW)


def test_the_reason_is_the_deciding_tests(runs: Runs, tracking: Tracking, workspace: str) -> None:
    new = new_run(workspace, tests=3)
    runs.create(new)
    outcomes = [result("failed", message="no"), result("error", reason=Reason.OUT_OF_MEMORY, message="big"), result()]

    for test, outcome in zip(new.tests, outcomes, strict=True):
        run = tracking.finish_test(new.id, test.id, outcome).run

    assert (RunStatus.ERROR, Reason.OUT_OF_MEMORY, "big") == (run.status, run.reason, run.message)


def test_a_run_of_skipped_tests_is_an_error_that_says_so(runs: Runs, tracking: Tracking, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id

    run = tracking.finish_test(run_id, run_id, result("skipped")).run

    assert (RunStatus.ERROR, Reason.NO_TESTS) == (run.status, run.reason)


def test_a_test_that_nobody_began_has_no_beginning(runs: Runs, tracking: Tracking, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id

    nobody = result("cancelled", reason=Reason.CANCELLED, attempts=0, report=False)
    run = tracking.finish_test(run_id, run_id, nobody).run

    assert (RunStatus.CANCELLED, None, 0) == (run.status, run.started_at, run.duration_ms)


def test_what_a_test_says_is_kept_even_if_it_has_nul_characters(runs: Runs, tracking: Tracking, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id
    case = Case(title="a\0b", status=TestStatus.FAILED, duration_ms=1, message="\0")

    test = tracking.finish_test(run_id, run_id, result("failed", message="x\0y", cases=(case,))).test

    assert ("x\ufffdy", "a\ufffdb") == (test.message, test.cases[0].title)


def test_two_last_tests_that_end_at_once_close_the_run(runs: Runs, tracking: Tracking, workspace: str) -> None:
    for _ in range(5):
        new = new_run(workspace, tests=4)
        runs.create(new)
        start = threading.Barrier(4)

        def finish(test: NewTest, *, run_id: str = new.id, start: threading.Barrier = start) -> RunStatus:
            start.wait()
            tracking.mark_running(run_id, test.id, at=NOW)
            return tracking.finish_test(run_id, test.id, result()).run.status

        with ThreadPoolExecutor(4) as threads:
            statuses = list(threads.map(finish, new.tests))

        assert 1 == statuses.count(RunStatus.PASSED)
        assert RunStatus.PASSED is runs.get(workspace, new.id).status


def test_what_is_said_of_a_deleted_run_is_not_found(tracking: Tracking) -> None:
    nobody = str(uuid7())

    for say in (
        lambda: tracking.mark_running(nobody, nobody, at=NOW),
        lambda: tracking.finish_test(nobody, nobody, result()),
        lambda: tracking.mark_report(nobody, at=NOW),
    ):
        with pytest.raises(NotFoundError):
            say()


def test_a_run_is_unfinished_until_its_end_was_said(runs: Runs, tracking: Tracking, workspace: str) -> None:
    first, second = (runs.create(new_run(workspace)).id for _ in range(2))
    tracking.finish_test(first, first, result())

    assert [first, second] == [run.id for run in tracking.unfinished()]
    assert [second] == [run.id for run in tracking.unfinished(after=first)]
    tracking.mark_end_said(first, at=NOW)
    assert [second] == [run.id for run in tracking.unfinished()]


def test_deliveries_and_losses_are_counted(runs: Runs, tracking: Tracking, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id

    tracking.mark_sent(run_id, at=NOW)
    tracking.mark_sent(run_id, at=NOW, lost=True)

    (test,) = runs.get(workspace, run_id).tests
    assert (NOW, 2, 1) == (test.sent_at, test.deliveries, test.losses)


# keys and tickets


def test_a_key_is_known_by_its_hash_alone(keys: Keys, workspace: str, database: Database) -> None:
    key = keys.create(workspace, "laptop")

    principal = keys.principal_of(key)

    assert principal is not None
    assert (workspace, None) == (principal.workspace_id, principal.run_id)
    with database.transaction() as connection:
        row = connection.execute("SELECT *, hash::text AS hash_text FROM api_keys").fetchone()
    assert row is not None
    assert (key[:10], 32) == (row["prefix"], len(row["hash"]))
    assert key not in str(row)


def test_a_key_that_is_unknown_expired_or_revoked_is_nobodys(keys: Keys, workspace: str, database: Database) -> None:
    expired = keys.create(workspace, "old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    revoked = keys.create(workspace, "gone")
    with database.transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'gone'")

    assert [None] * 4 == [keys.principal_of(key) for key in ("mt_nobody", "", expired, revoked)]


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(keys: Keys, workspace: str, database: Database) -> None:
    def last_used() -> Any:
        with database.transaction() as connection:
            return connection.execute("SELECT last_used_at FROM api_keys").fetchone()["last_used_at"]  # type: ignore[index] - there is one row

    key = keys.create(workspace, "laptop")
    assert last_used() is None
    keys.principal_of(key)
    first = last_used()
    keys.principal_of(key)

    assert first == last_used()
    with database.transaction() as connection:
        connection.execute("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'")
    keys.principal_of(key)
    assert first < last_used()


def test_a_ticket_is_good_for_its_run_until_it_expires(keys: Keys, runs: Runs, workspace: str) -> None:
    run_id = runs.create(new_run(workspace)).id

    by = keys.principal_of(keys.create(workspace, "laptop"))
    assert by is not None
    good = keys.issue_ticket(by, run_id, seconds=60)
    expired = keys.issue_ticket(by, run_id, seconds=-1)

    bearer = Principal(workspace_id=workspace, role=Role.VIEWER, run_id=run_id)
    assert bearer == keys.ticket_principal(good.ticket)
    assert 50 < (good.expires_at - datetime.now(UTC)).total_seconds() <= 60
    assert keys.ticket_principal(expired.ticket) is None
    assert keys.principal_of(good.ticket) is None
    assert 1 == keys.forget_tickets()


def test_the_default_workspace_is_made_once(keys: Keys) -> None:
    assert keys.ensure_workspace() == keys.ensure_workspace()


def test_from_and_to_milliseconds_are_each_others_inverse() -> None:
    assert NOW == from_ms(to_ms(NOW))
