from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from functions.plan_job.handler import handler
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Counts, Reason, RunStatus, TestStatus
from matinee.model.work import RunOrder
from matinee.stores.rows import Run


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


def sent(road: Any) -> list[str]:
    """Take all orders from the queue; give the titles of their tests, in the order in which they were sent."""
    titles: list[str] = []
    while orders := road.orders():
        titles += [order.title for order in orders]
    return titles


def begin(road: Any, run: Run, *numbers: int) -> None:
    """Let workers begin these tests."""
    for number in numbers:
        road.claim(run.id, run.tests[number].id)
    road.stream()


def end(road: Any, run: Run, *numbers: int, status: str = "passed", **more: Any) -> None:
    """Let workers end these tests."""
    for number in numbers:
        road.finish(run.id, status, test_id=run.tests[number].id, **more)
    road.stream()


def test_a_planned_run_is_sent_and_says_that_it_is_queued(road: Any) -> None:
    run = road.start_job(3, planned=False)

    answer = deliver(RunOrder(workspace_id=road.workspace_id, run_id=run.id).model_dump_json())

    assert {"batchItemFailures": []} == answer
    assert ["test 0", "test 1", "test 2"] == sorted(sent(road))
    assert ["run queued"] == road.told(run.id)
    assert road.run(run.id).planned_at is not None
    assert all(test.sent_at for test in road.run(run.id).tests)


def test_planning_twice_sends_nothing_twice(road: Any) -> None:
    run = road.start_job(3)
    planned = road.run(run.id)
    sent(road)

    bootstrap.planner().plan(road.workspace_id, run.id)

    assert [] == sent(road)
    assert planned == road.run(run.id)
    assert ["run queued"] == road.told(run.id)


def test_no_more_tests_are_sent_than_the_run_wants_at_once(road: Any) -> None:
    run = road.start_job(5, parallelism=2)
    assert ["test 0", "test 1"] == sorted(sent(road))

    begin(road, run, 0, 1)
    assert [] == sent(road)
    end(road, run, 1)

    assert ["test 2"] == sent(road)
