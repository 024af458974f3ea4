from typing import Any

import pytest

from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError, NotFoundError
from matinee.model.run import Reason, RunStatus
from matinee.model.work import RunOrder
from matinee.stores.live import LiveTable
from matinee.stores.rows import Run


def cancel(road: Any, run: Run) -> Run:
    return bootstrap.canceller().cancel(road.workspace_id, run.id)


def test_who_runs_a_test_is_asked_and_the_rest_is_over(road: Any) -> None:
    """Of four tests one is running, one is on the queue, two were never sent."""
    run = road.start_job(4, parallelism=2)
    road.begin(run, 0)

    cancel(road, run)
    road.stream()

    assert ["running", "cancelled", "cancelled", "cancelled"] == road.statuses(run)
    assert bootstrap.live().states(run.id)[run.tests[0].id].lease.cancel  # type: ignore[union-attr] # it was claimed
    assert RunStatus.RUNNING is road.run(run.id).status
    assert [] == road.merges()


def test_the_last_worker_to_stop_ends_the_run_and_what_there_is_becomes_its_report(road: Any) -> None:
    run = road.start_job(3, parallelism=1)
    road.begin(run, 0)
    cancel(road, run)

    road.end(run, 0, status="cancelled", reason=Reason.CANCELLED)

    ended = road.run(run.id)
    assert (RunStatus.CANCELLED, Reason.CANCELLED) == (ended.status, ended.reason)
    assert [RunOrder(workspace_id=road.workspace_id, run_id=run.id)] == road.merges()
    assert "run cancelled" == road.told(run.id)[-1]
    assert 3 == road.told(run.id).count("test cancelled")
    assert ["test 0"] == road.sent()


def test_a_run_that_nobody_was_sent_is_over_at_once(road: Any) -> None:
    run = road.start_job(2, planned=False)

    assert RunStatus.CANCELLED is cancel(road, run).status

    assert ["test cancelled", "test cancelled", "run cancelled"] == road.told(run.id)
    assert 1 == len(road.merges())


def test_cancelling_twice_says_nothing_twice(road: Any) -> None:
    run = road.start_job(3, parallelism=1)
    road.begin(run, 0)
    cancel(road, run)
    told = road.told(run.id)

    cancel(road, run)

    assert told == road.told(run.id)
    assert 2 == told.count("test cancelled")


def test_a_run_that_has_ended_stays_as_it_is(road: Any) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    road.end(run, 0)
    road.merges()

    assert RunStatus.PASSED is cancel(road, run).status

    assert road.run(run.id).cancel_requested_at is None
    assert [] == road.merges()


def test_a_result_after_the_cancellation_sends_no_further_test(road: Any) -> None:
    run = road.start_job(5, parallelism=2)
    road.begin(run, 0, 1)
    road.sent()
    cancel(road, run)

    road.end(run, 0)

    assert [] == road.sent()
    assert ["passed", "running", "cancelled", "cancelled", "cancelled"] == road.statuses(run)


def test_a_thousand_tests_are_cancelled_by_way_of_a_few_leases(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = road.start_job(1000, parallelism=10)
    asked: list[str] = []
    request_cancel = LiveTable.request_cancel

    def count(live: LiveTable, run_id: str, test_id: str) -> Any:
        asked.append(test_id)
        return request_cancel(live, run_id, test_id)

    monkeypatch.setattr(LiveTable, "request_cancel", count)

    cancel(road, run)
    road.stream()

    assert 10 == len(asked)
    assert {"cancelled"} == set(road.statuses(run))
    assert 1000 == road.told(run.id).count("test cancelled")
    assert 1 == road.told(run.id).count("run cancelled")


def test_if_the_live_table_is_down_the_cancellation_stands_and_sweep_passes_it_on(
    road: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = road.start_job(3, parallelism=1)
    road.begin(run, 0)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "request_cancel", unavailable)
        with pytest.raises(LiveUnavailableError):
            cancel(road, run)
    assert ["running", "cancelled", "cancelled"] == road.statuses(run)

    assert {"cancel_passed_on": 1} == bootstrap.sweeper().sweep()
    road.end(run, 0, status="cancelled")

    assert RunStatus.CANCELLED is road.run(run.id).status
    assert 3 == road.told(run.id).count("test cancelled")
    assert 1 == len(road.merges())


def test_anothers_run_is_not_found(road: Any, new_workspace: Any) -> None:
    run = road.start_job(2)

    with pytest.raises(NotFoundError):
        bootstrap.canceller().cancel(new_workspace(), run.id)

    assert ["queued", "queued"] == road.statuses(run)


def unavailable(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError
