from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from uuid_utils import uuid7

from functions.plan_job.handler import handler
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Counts, Reason, RunStatus, TestStatus
from matinee.model.work import RunOrder, TestResult


class Context:
    function_name = "plan_job"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:plan_job"
    aws_request_id = "r"


def deliver(*bodies: str) -> PartialItemFailureResponse:
    """Hand messages to the function, as Lambda does."""
    records = [
        {"messageId": str(number), "receiptHandle": "h", "body": body, "attributes": {}, "eventSource": "aws:sqs"}
        for number, body in enumerate(bodies)
    ]
    return handler({"Records": records}, Context())  # type: ignore[arg-type] # all of a context that is looked at


def passed() -> TestResult:
    return TestResult(status=TestStatus.PASSED, started_at=1, ended_at=2, duration_ms=1, report=True)


def saved_test(road: Any) -> str:
    """Give the id of a saved test."""
    test_id = str(uuid7())
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO tests (id, workspace_id) VALUES (%s, %s)", [test_id, road.workspace_id])
    return test_id


def unavailable(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError


def test_a_planned_run_is_sent_and_says_that_it_is_queued(road: Any) -> None:
    run = road.start_job(3, planned=False)

    answer = deliver(RunOrder(workspace_id=road.workspace_id, run_id=run.id).model_dump_json())

    assert {"batchItemFailures": []} == answer
    assert ["test 0", "test 1", "test 2"] == sorted(road.sent())
    assert ["run queued"] == road.told(run.id)
    assert road.run(run.id).planned_at is not None
    assert all(test.sent_at for test in road.run(run.id).tests)


def test_planning_twice_sends_nothing_twice(road: Any) -> None:
    run = road.start_job(3)
    planned = road.run(run.id)
    road.sent()

    bootstrap.planner().plan(road.workspace_id, run.id)

    assert [] == road.sent()
    assert planned == road.run(run.id)
    assert ["run queued"] == road.told(run.id)


def test_no_more_tests_are_sent_than_the_run_wants_at_once(road: Any) -> None:
    run = road.start_job(5, parallelism=2)
    assert ["test 0", "test 1"] == sorted(road.sent())

    road.begin(run, 0, 1)
    assert [] == road.sent()
    road.end(run, 1)

    assert ["test 2"] == road.sent()


def test_of_an_ended_test_told_twice_only_one_successor_is_sent(road: Any) -> None:
    run = road.start_job(5, parallelism=2)
    road.sent()
    road.finish(run.id, test_id=run.tests[0].id)
    images = road.images()

    for image in [*images, *images]:
        bootstrap.tracker().apply(image)

    assert ["test 2"] == road.sent()


def test_the_longest_go_first_and_before_them_those_that_nobody_knows(road: Any) -> None:
    run = road.start_job(5, parallelism=1, expected=[100, None, 3000, 3000, None])
    order = road.sent()

    for _ in range(4):
        last = next(test for test in run.tests if test.title == order[-1])
        road.finish(run.id, test_id=last.id)
        road.stream()
        order += road.sent()

    assert ["test 1", "test 4", "test 2", "test 3", "test 0"] == order


def test_what_a_saved_test_took_lately_is_what_it_is_expected_to_take(road: Any) -> None:
    """The mean of its last five runs to an end of its own; what was cancelled or lost says nothing."""
    saved = saved_test(road)
    for ms, status in ((9000, "passed"), *((1000, "passed"),) * 3, (2000, "failed"), (5000, "flaky"), (7, "cancelled")):
        past = road.start_job(1, test={"saved_test_id": saved})
        road.end(past, 0, status=status, duration_ms=ms)

    run = road.start_job(1, test={"saved_test_id": saved})

    assert 2000 == road.run(run.id).tests[0].expected_ms
    assert road.run(road.start_job(1).id).tests[0].expected_ms is None


def test_an_order_carries_the_runs_deadline_and_that_it_is_of_a_job(road: Any) -> None:
    deadline = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    road.start_job(1, deadline_at=deadline)

    (order,) = road.orders()

    assert ("job", round(deadline.timestamp() * 1000)) == (order.kind, order.deadline)


def test_a_script_too_long_for_a_message_goes_by_way_of_s3(road: Any) -> None:
    run = road.start_job(1, test={"script": "// " + "x" * 250_000})

    (order,) = road.orders()

    assert order.script is None
    assert run.id in (order.script_key or "")
    assert 250_003 == len(bootstrap.artifacts().get_bytes(order.script_key))


def test_many_who_advance_at_once_send_each_test_once_and_never_too_many(road: Any) -> None:
    """The stream's batches, sweep and plan_job all advance runs, and know nothing of each other."""
    run = road.start_job(30, planned=False, parallelism=3)
    bootstrap.tracking().plan(road.workspace_id, run.id, at=datetime.now(UTC))
    titles: list[str] = []
    with ThreadPoolExecutor(4) as threads:
        while len(titles) < 30:
            said = sum(threads.map(lambda _: bootstrap.planner().advance(run.id), range(4)))
            fresh = road.sent()
            assert said == len(fresh)
            titles += fresh
            assert 3 >= len(fresh) > 0
            ended = [test for test in run.tests if test.title in fresh]
            list(threads.map(lambda test: bootstrap.tracking().finish_test(run.id, test.id, passed()), ended))

    assert {1} == set(Counter(titles).values())


def test_after_so_many_failures_the_rest_is_skipped(road: Any) -> None:
    """Those that are running go on, and count."""
    run = road.start_job(5, parallelism=2, stop_after_failures=1)
    road.begin(run, 0, 1)
    road.sent()

    road.end(run, 0, status="failed")

    assert [] == road.sent()
    assert ["failed", "running", "skipped", "skipped", "skipped"] == road.statuses(run)
    assert RunStatus.RUNNING is road.run(run.id).status
    road.end(run, 1)
    ended = road.run(run.id)
    assert (RunStatus.FAILED, Counts(total=5, passed=1, failed=1, skipped=3)) == (ended.status, ended.counts)
    assert Reason.STOPPED_EARLY is ended.tests[2].reason
    assert (0, None, 0) == (ended.tests[2].attempts, ended.tests[2].started_at, ended.tests[2].duration_ms)


@pytest.mark.parametrize(
    ("outcomes", "stopped"),
    [(["passed", "flaky", "failed"], False), (["failed", "timed_out"], True), (["error", "failed"], True)],
)
def test_errors_and_timeouts_are_failures_too_and_a_flaky_pass_is_none(
    road: Any, outcomes: list[str], stopped: bool
) -> None:
    run = road.start_job(5, parallelism=1, stop_after_failures=2)

    for number, status in enumerate(outcomes):
        road.end(run, number, status=status)

    assert stopped is ("skipped" in road.statuses(run))


def test_when_the_jobs_time_is_over_a_result_ends_what_was_not_sent(road: Any) -> None:
    run = road.start_job(3, parallelism=1, deadline_at=datetime.now(UTC) + timedelta(hours=1))
    road.begin(run, 0)
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE runs SET deadline_at = now() WHERE id = %s", [run.id])

    road.end(run, 0)

    ended = road.run(run.id)
    assert [TestStatus.PASSED, TestStatus.TIMED_OUT, TestStatus.TIMED_OUT] == [test.status for test in ended.tests]
    assert (RunStatus.TIMED_OUT, Reason.DEADLINE) == (ended.status, ended.reason)
    assert "runTimeoutSeconds" in (ended.message or "")
    assert [RunOrder(workspace_id=road.workspace_id, run_id=run.id)] == road.merges()


def test_a_run_that_is_planned_after_its_time_ends_without_a_test(road: Any) -> None:
    run = road.start_job(2, deadline_at=datetime.now(UTC) - timedelta(seconds=1))

    assert [] == road.sent()
    assert RunStatus.TIMED_OUT is road.run(run.id).status
    assert ["run queued", "test timed_out", "test timed_out", "run timed_out"] == road.told(run.id)
    assert 1 == len(road.merges())


def test_a_run_that_was_cancelled_before_it_was_planned_stays_cancelled(road: Any) -> None:
    run = road.start_job(2, planned=False)
    bootstrap.canceller().cancel(road.workspace_id, run.id)

    bootstrap.planner().plan(road.workspace_id, run.id)

    assert [] == road.sent()
    assert RunStatus.CANCELLED is road.run(run.id).status


def test_a_deleted_runs_order_is_dropped_and_a_broken_one_fails(road: Any) -> None:
    deleted = RunOrder(workspace_id=road.workspace_id, run_id="01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90")
    anothers = RunOrder(workspace_id=deleted.run_id, run_id=road.start_job(1, planned=False).id)

    answer = deliver(deleted.model_dump_json(), "{", anothers.model_dump_json())

    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == answer
    assert [] == road.sent()


def test_if_the_queue_is_down_the_plan_comes_back_and_sweep_sends_what_was_only_marked(
    road: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies, so to speak, between marking tests as sent and sending them."""
    run = road.start_job(3, planned=False)
    order = RunOrder(workspace_id=road.workspace_id, run_id=run.id)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.test_queue(), "send", unavailable)
        assert 1 == len(deliver(order.model_dump_json())["batchItemFailures"])

    assert {"batchItemFailures": []} == deliver(order.model_dump_json())
    assert [] == road.sent()
    assert {} == bootstrap.sweeper().sweep()
    road.age(run.id, 61)
    assert {"sent_again": 3} == bootstrap.sweeper().sweep()
    assert ["test 0", "test 1", "test 2"] == sorted(road.sent())


def test_a_thousand_tests_are_planned_in_order_and_in_time(road: Any) -> None:
    run = road.start_job(1000, parallelism=100)

    titles = road.sent()

    assert 100 == len(titles)
    assert {f"test {number}" for number in range(100)} == set(titles)
    assert Counts(total=1000) == road.run(run.id).counts
