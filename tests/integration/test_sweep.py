from datetime import UTC, datetime
from typing import Any

import pytest

from functions.sweep.handler import handler
from matinee import bootstrap, settings
from matinee.model.errors import LiveUnavailableError, NotFoundError
from matinee.model.run import Reason, RunStatus, TestStatus
from matinee.model.work import TestResult
from matinee.stores.artifacts import manifest_key
from matinee.stores.postgres import Database


class Context:
    function_name = "sweep"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:sweep"
    aws_request_id = "r"


def sweep(*, everything: bool = False) -> dict[str, int]:
    return dict(bootstrap.sweeper().sweep(everything=everything))


def test_a_run_on_its_way_is_left_alone(road: Any) -> None:
    queued, running, ended = (road.submit() for _ in range(3))
    road.claim(running)
    road.claim(ended)
    road.finish(ended)
    road.stream()
    road.orders()

    assert {} == sweep()
    assert [] == road.orders()
    assert RunStatus.QUEUED is road.run(queued).status


def test_a_run_that_was_saved_but_never_sent_is_sent(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise LiveUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "append_once", down)
        with pytest.raises(LiveUnavailableError) as refused:
            road.submit()
    run_id = refused.value.extra["runId"]
    assert {} == sweep()  # the submission may still be at it
    road.age(run_id, 31)

    assert {"sent_again": 1} == sweep()

    assert [run_id] == [order.run_id for order in road.orders()]
    assert ["run queued"] == road.told(run_id)
    assert {} == sweep()


def test_a_long_queue_is_not_filled_up(road: Any) -> None:
    """Sent again after 5 minutes, then 10 more, then 20: an order that waits is most likely just waiting."""
    run_id = road.submit()
    sent: list[int] = []

    for minute in range(1, 61):
        road.age(run_id, 60)
        if sweep():
            sent.append(minute)

    assert [5, 15, 35] == sent


def test_a_run_that_nobody_took_for_a_day_ends(road: Any) -> None:
    run_id = road.submit()
    road.age(run_id, 86_500)

    assert {"worker_lost": 1} == sweep()

    run = road.run(run_id)
    assert (RunStatus.ERROR, Reason.WORKER_LOST, None) == (run.status, run.reason, run.started_at)
    assert ["run queued", "run error", "end error"] == road.told(run_id)


def test_a_lost_workers_message_has_a_minute_to_come_back_by_itself(road: Any) -> None:
    fresh, old = road.submit(), road.submit()
    road.orders()
    road.claim(fresh, ago_s=60, lease_s=10)  # dead for 50 s
    road.claim(old, ago_s=80, lease_s=10)  # dead for 70 s
    road.stream()
    for run_id in (fresh, old):
        road.age(run_id, 300)

    assert {"sent_again": 1} == sweep()

    assert [old] == [order.run_id for order in road.orders()]
    assert [0, 1] == [road.run(run_id).tests[0].losses for run_id in (fresh, old)]


def test_a_test_that_lost_three_workers_ends_as_worker_lost(road: Any) -> None:
    run_id = road.submit()
    for worker in ("first", "second", "third"):
        road.claim(run_id, owner=worker)
        bootstrap.live().release(run_id, run_id, owner=worker)
    road.stream()
    road.age(run_id, 300)

    assert {"worker_lost": 1} == sweep()

    run = road.run(run_id)
    assert (RunStatus.ERROR, Reason.WORKER_LOST, 3) == (run.status, run.reason, run.tests[0].attempts)
    assert ["run queued", "run running", "run error", "end error"] == road.told(run_id)
    road.stream()
    assert {} == sweep()


def test_a_script_that_takes_the_whole_stack_down_does_so_three_times_at_most(road: Any) -> None:
    run_id = road.submit()
    mended = []
    for _ in range(3):
        road.claim(run_id, owner=str(len(mended)), lease_s=1000)
        road.stream()
        road.lose_aws()
        mended.append(sweep(everything=True))

    assert [{"sent_again": 1}, {"sent_again": 1}, {"worker_lost": 1}] == mended
    assert RunStatus.ERROR is road.run(run_id).status


def test_a_lost_worker_of_a_cancelled_run_ends_it_as_cancelled(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id, lease_s=1000)
    road.stream()
    bootstrap.canceller().cancel(road.workspace_id, run_id)
    bootstrap.live().release(run_id, run_id, owner="worker")

    assert {"cancelled": 1} == sweep()
    road.stream()

    assert RunStatus.CANCELLED is road.run(run_id).status
    assert "end cancelled" == road.told(run_id)[-1]


def test_a_cancellation_that_did_not_reach_the_worker_is_passed_on(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise LiveUnavailableError

    run_id = road.submit()
    road.claim(run_id)
    road.stream()
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "request_cancel", down)
        with pytest.raises(LiveUnavailableError):
            bootstrap.canceller().cancel(road.workspace_id, run_id)

    assert {"cancel_passed_on": 1} == sweep()
    assert bootstrap.live().states(run_id)[run_id].lease.cancel  # type: ignore[union-attr] # it was claimed
    assert {} == sweep()


def test_what_the_stream_did_not_bring_is_fetched(road: Any) -> None:
    """Stream records can be lost for good; the live table still has what they said."""
    run_id = road.submit()
    road.claim(run_id)
    assert {"begin_noted": 1} == sweep()
    road.finish(run_id)
    assert {"result_noted": 1} == sweep()
    road.report(run_id)
    assert {"report_noted": 1} == sweep()

    assert ["run queued", "run running", "run passed", "report", "end passed"] == road.told(run_id)
    assert {} == sweep()


def test_a_report_that_never_comes_is_not_waited_for_for_ever(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id)
    road.stream()
    road.age(run_id, 890)
    assert {} == sweep()
    road.age(run_id, 20)

    assert {"end_told": 1} == sweep()

    assert ["run queued", "run running", "run passed", "end passed"] == road.told(run_id)
    road.report(run_id)
    road.stream()
    assert "end passed" == road.told(run_id)[-1]
    assert road.run(run_id).report_at is not None


def test_a_report_that_was_called_off_is_not_waited_for(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id)
    road.stream()
    bootstrap.live().put_report(run_id, run_id, at=None)

    assert {"end_told": 1} == sweep()
    road.stream()
    assert ["run queued", "run running", "run passed", "end passed"] == road.told(run_id)


def test_an_end_that_was_told_but_not_noted_is_not_told_twice(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = road.submit()
    road.finish(run_id, "error", reason=Reason.INTERNAL, report=False)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.tracking(), "mark_end_said", lambda *_, **__: None)
        road.stream()

    assert {"end_told": 1} == sweep()

    assert ["run queued", "run error", "end error"] == road.told(run_id)
    assert {} == sweep()


def test_after_a_restart_with_nothing_left_but_postgres_every_run_goes_on(road: Any) -> None:
    queued, running, ended, done = (road.submit() for _ in range(4))
    for run_id in (running, ended, done):
        road.claim(run_id)
        road.stream()
    for run_id in (ended, done):
        road.finish(run_id)
        road.stream()
    road.report(done)
    road.stream()
    road.lose_aws()

    assert {"sent_again": 2, "end_told": 1} == sweep(everything=True)

    assert {queued, running} == {order.run_id for order in road.orders()}
    assert ["run queued"] == road.told(queued)
    assert ["run running"] == road.told(running)
    assert ["run passed", "end passed"] == road.told(ended)
    assert [] == road.told(done)
    road.claim(running)
    road.finish(running)
    road.report(running)
    road.stream()
    assert ["run running", "run running", "run passed", "report", "end passed"] == road.told(running)


def test_more_runs_than_a_page_are_all_mended(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [road.submit() for _ in range(5)]
    road.lose_aws()
    unfinished = bootstrap.tracking().unfinished
    monkeypatch.setattr(bootstrap.tracking(), "unfinished", lambda **more: unfinished(limit=2, **more))

    assert {"sent_again": 5} == sweep(everything=True)
    assert set(ids) == {order.run_id for order in road.orders()}


def test_one_run_that_cannot_be_mended_does_not_keep_the_others_from_it(
    road: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = road.submit(), road.submit()
    road.lose_aws()
    states = bootstrap.live().states

    def odd(run_id: str) -> Any:
        return {}["what"] if run_id == broken else states(run_id)

    monkeypatch.setattr(bootstrap.live(), "states", odd)

    assert {"failed": 1, "sent_again": 1} == sweep(everything=True)
    assert [fine] == [order.run_id for order in road.orders()]


def test_old_tickets_and_idempotency_keys_are_forgotten(road: Any, database: Database) -> None:
    run_id = road.submit()
    by = bootstrap.keys().principal_of(road.key)
    assert by is not None
    bootstrap.keys().issue_ticket(by, run_id, seconds=-1)
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO idempotency_keys VALUES (%s, 'k', '', %s, now() - interval '25 hours')",
            [road.workspace_id, run_id],
        )

    assert {"tickets_forgotten": 1, "idempotency_keys_forgotten": 1} == sweep()


@pytest.mark.parametrize(("event", "mended"), [({}, {}), ({"everything": True}, {"sent_again": 1})])
def test_the_function_sweeps(road: Any, event: dict[str, Any], mended: dict[str, int]) -> None:
    road.submit()

    assert mended == handler(event, Context())


# jobs


def test_a_job_that_nobody_planned_is_planned_after_half_a_minute_then_ever_less_often(road: Any) -> None:
    run = road.start_job(2, planned=False)
    assert {} == sweep()
    sent: list[int] = []

    for half_minute in range(1, 41):
        road.age(run.id, 30)
        if half_minute % 2 and sweep():
            sent.append(half_minute)

    assert [1, 3, 5, 9, 17, 33] == sent
    assert [run.id] * 6 == [plan.run_id for plan in road.plans()]


def test_what_was_due_while_sweeps_broke_off_is_made_up_for(road: Any, database: Database) -> None:
    """A database that is down keeps a sweep from its end; what had its minute then has it with the next."""
    run = road.start_job(2, planned=False)
    sweep()
    road.age(run.id, 300)
    assert {} == sweep()  # it was due after four minutes, and will be after eight

    with database.transaction() as connection:
        connection.execute("UPDATE sweeps SET at = at - interval '2 minutes'")

    assert {"planned_again": 1} == sweep()
    assert {} == sweep()


def test_a_sweep_that_does_not_come_to_its_end_is_none(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that fails nor one that has no time left for all runs."""
    run = road.start_job(2, planned=False)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "states", _unavailable)
        patch.setattr(bootstrap.job_queue(), "send", _unavailable)
        road.age(run.id, 31)
        with pytest.raises(LiveUnavailableError):
            sweep()
    bootstrap.sweeper().sweep(patience_s=-1)
    assert bootstrap.sweeps().begin(datetime.now(UTC)) is None

    assert {"planned_again": 1} == sweep()
    assert bootstrap.sweeps().begin(datetime.now(UTC)) is not None


def _unavailable(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError


def test_a_job_that_could_not_be_planned_for_a_day_ends_as_an_error_of_ours(road: Any) -> None:
    run = road.start_job(2, planned=False)
    road.age(run.id, 86_500)

    assert {"given_up": 1} == sweep()

    ended = road.run(run.id)
    assert (RunStatus.ERROR, Reason.INTERNAL) == (ended.status, ended.reason)
    assert "run error" == road.told(run.id)[-1]


def test_a_running_job_is_left_alone(road: Any) -> None:
    run = road.start_job(3, parallelism=2)
    road.begin(run, 0)
    road.orders()

    assert {} == sweep()
    assert [] == road.orders()


def test_a_place_that_was_not_filled_is_filled(road: Any) -> None:
    """The process died after a result was in Postgres, and the record was lost for good."""
    run = road.start_job(3, parallelism=1)
    road.begin(run, 0)
    road.sent()
    result = TestResult(status=TestStatus.PASSED, started_at=1, ended_at=2, duration_ms=1, report=True)
    bootstrap.tracking().finish_test(run.id, run.tests[0].id, result)

    assert {"advanced": 1} == sweep()

    assert ["test 1"] == road.sent()


def test_a_jobs_test_that_was_sent_and_never_taken_is_sent_again_after_a_minute(road: Any) -> None:
    """Its sender may have died between Postgres and the queue; then after two more, then four."""
    run = road.start_job(2, parallelism=1)
    sent: list[int] = []

    for minute in range(1, 11):
        road.age(run.id, 60)
        if sweep():
            sent.append(minute)

    assert [1, 3, 7] == sent
    assert ["test 0"] * 4 == road.sent()


def test_a_jobs_worker_that_is_lost_three_times_makes_place_for_the_next_test(road: Any) -> None:
    run = road.start_job(2, parallelism=1)
    for worker in ("first", "second", "third"):
        road.begin(run, 0, owner=worker)
        bootstrap.live().release(run.id, run.tests[0].id, owner=worker)
    road.age(run.id, 61)
    road.sent()

    assert {"worker_lost": 1} == sweep()

    assert ["error", "queued"] == road.statuses(run)
    assert ["test 1"] == road.sent()
    road.stream()
    road.end(run, 1)
    assert (RunStatus.ERROR, Reason.WORKER_LOST) == (road.run(run.id).status, road.run(run.id).reason)
    assert 1 == len(road.merges())


def test_when_a_jobs_time_is_over_sweep_ends_what_nobody_runs(road: Any, database: Database) -> None:
    """What is running is bounded by its own order."""
    run = road.start_job(4, parallelism=2)
    road.begin(run, 0)
    with database.transaction() as connection:
        connection.execute("UPDATE runs SET deadline_at = now() WHERE id = %s", [run.id])

    assert {"timed_out": 1} == sweep()

    assert ["running", "timed_out", "timed_out", "timed_out"] == road.statuses(run)
    road.stream()
    road.end(run, 0)
    assert (RunStatus.TIMED_OUT, Reason.DEADLINE) == (road.run(run.id).status, road.run(run.id).reason)


def test_a_report_that_nobody_asked_for_is_asked_for_after_a_minute_then_ever_less_often(
    road: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    with monkeypatch.context() as patch:
        patch.setattr("matinee.usecases.close.Closer.settle", lambda *_: None)  # the process dies here
        road.end(run, 0)
    assert ([], {}) == (road.merges(), sweep())
    done: list[dict[str, int]] = []

    for _ in range(16):
        road.age(run.id, 60)
        done.append(sweep())

    asked = {"settled_again": 1}
    assert [asked, asked, {}, asked, {}, {}, {}, asked] == done[:8]
    assert [{}] * 6 + [{"end_told": 1}, {}] == done[8:]
    assert [run.id] * 4 == [order.run_id for order in road.merges()]
    assert ["test passed", "run passed", "end passed"] == road.told(run.id)[-3:]


def test_an_end_of_a_jobs_test_that_was_noted_but_not_told_is_told(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its record came so often in vain that the stream gave it up; the run's story shall not end without it, nor have it twice."""
    run = road.start_job(2)
    road.begin(run, 0)
    road.begin(run, 1)
    road.end(run, 0)
    with monkeypatch.context() as patch:
        patch.setattr("matinee.usecases.track.Tracker._ended_in_job", lambda *_: None)  # the process dies here
        road.end(run, 1)
    assert RunStatus.PASSED is road.run(run.id).status
    assert 1 == road.told(run.id).count("test passed")
    road.age(run.id, 60)

    assert {"settled_again": 1} == sweep()

    assert 2 == road.told(run.id).count("test passed")
    road.report(run.id)
    sweep()
    assert (2, ["report", "end passed"]) == (road.told(run.id).count("test passed"), road.told(run.id)[-2:])


def test_a_jobs_report_that_the_stream_did_not_bring_is_noted(road: Any) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    road.end(run, 0)
    road.report(run.id)

    assert {"report_noted": 1} == sweep()

    assert ["report", "end passed"] == road.told(run.id)[-2:]


def test_after_a_restart_with_nothing_left_but_postgres_every_job_goes_on(road: Any) -> None:
    unplanned = road.start_job(1, planned=False)
    running = road.start_job(3, parallelism=2)
    ended = road.start_job(1)
    road.begin(running, 0)
    road.begin(ended, 0)
    road.end(ended, 0)
    road.merges()
    road.lose_aws()

    assert {"planned_again": 1, "sent_again": 2, "settled_again": 1} == sweep(everything=True)

    assert [unplanned.id] == [plan.run_id for plan in road.plans()]
    assert ["test 0", "test 1"] == sorted(road.sent())
    assert [ended.id] == [order.run_id for order in road.merges()]
    road.begin(running, 0, 1)
    road.end(running, 0, 1)
    assert ["test 2"] == road.sent()


# what is old


def test_runs_that_are_too_old_are_deleted_with_all_they_left(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_RETENTION_DAYS", "10")
    settings.load.cache_clear()
    old, young = road.start_job(1), road.start_job(1)
    for run, days in ((old, 11), (young, 9)):
        road.begin(run, 0)
        road.end(run, 0)
        road.report(run.id)
        road.stream()
        road.age(run.id, days * 86_400)

    assert {"runs_expired": 1, "runs_purged": 1} == sweep()

    with pytest.raises(NotFoundError):
        road.run(old.id)
    assert ([], True) == (road.told(old.id), len(road.told(young.id)) > 3)
    assert not bootstrap.artifacts().exists(manifest_key(road.workspace_id, old.id))
    assert bootstrap.artifacts().exists(manifest_key(road.workspace_id, young.id))
