from typing import Any

import boto3
import pytest

from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Reason, RunStatus
from matinee.model.work import RunOrder, TestOrder
from matinee.stores.postgres import Database
from matinee.stores.rows import Run


def bury(queue: str, body: str) -> None:
    """Let a message be dead."""
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=f"{queue}-dead")["QueueUrl"], MessageBody=body)


def left(queue: str) -> int:
    """Count the dead, also those that somebody looks at."""
    sqs = boto3.client("sqs")
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=f"{queue}-dead")["QueueUrl"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def order(road: Any) -> TestOrder:
    (order,) = road.orders()
    assert isinstance(order, TestOrder)
    return order


def of_run(road: Any, run: Run) -> str:
    return RunOrder(workspace_id=road.workspace_id, run_id=run.id).model_dump_json()


def sweep() -> dict[str, int]:
    return dict(bootstrap.sweeper().sweep())


def test_a_test_whose_order_is_dead_ends_as_lost(road: Any) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    bootstrap.live().release(run.id, run.tests[0].id, owner="worker")
    bury("test-execution", order(road).model_dump_json())

    assert {"dead_test": 1} == sweep()
    road.stream()

    ended = road.run(run.id)
    assert (RunStatus.ERROR, Reason.WORKER_LOST, 1) == (ended.status, ended.reason, ended.tests[0].attempts)
    assert 1 == len(road.merges())
    assert 0 == left("test-execution")


def test_a_single_tests_dead_order_ends_its_story(road: Any) -> None:
    run_id = road.submit()
    bury("test-execution", order(road).model_dump_json())

    assert {"dead_test": 1} == sweep()
    road.stream()

    assert ["run queued", "run error", "end error"] == road.told(run_id)


def test_a_test_that_somebody_runs_is_not_ended_because_of_another_order_for_it(road: Any) -> None:
    """Sweep may have sent it twice; the second order finds it held, three times, and is dead."""
    run = road.start_job(1)
    road.begin(run, 0)
    bury("test-execution", order(road).model_dump_json())

    assert {} == sweep()

    assert ["running"] == road.statuses(run)
    assert 1 == left("test-execution")  # looked at again, once it is visible


def test_a_cancelled_tests_dead_order_ends_it_as_cancelled(road: Any) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    bootstrap.live().request_cancel(run.id, run.tests[0].id)
    bootstrap.live().release(run.id, run.tests[0].id, owner="worker")
    bury("test-execution", order(road).model_dump_json())

    bootstrap.dead_letters().clear()
    road.stream()

    assert ["cancelled"] == road.statuses(run)


def test_the_dead_order_of_a_test_that_ended_changes_nothing(road: Any) -> None:
    run = road.start_job(2)
    road.begin(run, 0)
    road.end(run, 0)
    dead = next(one for one in road.orders() if one.test_id == run.tests[0].id)
    bury("test-execution", dead.model_dump_json())

    assert {"dead_test": 1} == sweep()

    assert ["passed", "queued"] == road.statuses(run)


def test_what_the_dead_say_of_deleted_runs_leaves_no_trace(road: Any, database: Database) -> None:
    run = road.start_job(1)
    bury("test-execution", order(road).model_dump_json())
    bury("report-merge", of_run(road, run))
    with database.transaction() as connection:
        connection.execute("DELETE FROM runs WHERE id = %s", [run.id])
    before = road.images()

    assert {"dead_test": 1, "dead_report": 1} == sweep()

    assert ([], []) == (before, road.images())


def test_a_run_whose_order_to_plan_is_dead_is_planned_by_sweeps_own_rules(road: Any) -> None:
    run = road.start_job(1, planned=False)
    bury("job-execution", of_run(road, run))
    assert {"dead_plan": 1} == sweep()
    road.age(run.id, 31)

    assert {"planned_again": 1} == sweep()

    assert [run.id] == [plan.run_id for plan in road.plans()]


def test_a_run_whose_report_could_not_be_made_has_it_tried_again_by_sweeps_own_rules(road: Any) -> None:
    """For a while: there may be other orders for it, and the next may fare better. Then its story ends without one."""
    run = road.start_job(1)
    road.begin(run, 0)
    road.end(run, 0)
    road.merges()
    bury("report-merge", of_run(road, run))
    assert {"dead_report": 1} == sweep()
    road.age(run.id, 61)

    assert {"settled_again": 1} == sweep()
    assert [run.id] == [order.run_id for order in road.merges()]
    road.age(run.id, 900)
    assert {"end_told": 1} == sweep()

    assert ["run passed", "end passed"] == road.told(run.id)[-2:]
    assert road.run(run.id).report_at is None


def test_what_is_none_of_ours_is_deleted_and_never_logged(road: Any, caplog: pytest.LogCaptureFixture) -> None:
    for queue in ("test-execution", "job-execution", "report-merge"):
        bury(queue, '{"script": "secret"}')

    assert {"dead_unknown": 3} == sweep()

    assert [0, 0, 0] == [left(queue) for queue in ("test-execution", "job-execution", "report-merge")]
    assert road.workspace_id
    assert "secret" not in caplog.text


def test_a_letter_is_kept_until_its_consequence_is_drawn(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies, or the live table does, before the result is written."""
    run = road.start_job(1)
    bury("test-execution", order(road).model_dump_json())
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "put_result", unavailable)
        with pytest.raises(LiveUnavailableError):
            sweep()

    assert 1 == left("test-execution")
    assert ["queued"] == road.statuses(run)


def test_more_letters_than_are_handed_out_at_once_are_all_cleared(road: Any) -> None:
    run = road.start_job(25, parallelism=25)
    for one in [one for _ in range(3) for one in road.orders()]:
        bury("test-execution", one.model_dump_json())

    assert {"dead_test": 25} == sweep()
    road.stream()

    assert {"error"} == set(road.statuses(run))


def unavailable(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError
