from typing import Any

import pytest

from functions.sweep.handler import handler
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Reason, RunStatus
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
    bootstrap.keys().issue_ticket(road.workspace_id, run_id, seconds=-1)
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
