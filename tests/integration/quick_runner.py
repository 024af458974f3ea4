"""run_test without its runner: each test is claimed, told of, and passed at once. For tests of all that is around it."""

import time
import uuid
from typing import Any

from matinee import bootstrap
from matinee.model.errors import LeaseLostError
from matinee.model.run import TestStatus
from matinee.model.work import Case, Event, TestOrder, TestResult


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Pass what comes."""
    for record in event["Records"]:
        _pass(TestOrder.model_validate_json(record["body"]))
    return {"batchItemFailures": []}


def _pass(order: TestOrder) -> None:
    live = bootstrap.live()
    now = time.time_ns() // 1_000_000
    try:
        live.claim(order.run_id, order.test_id, owner=uuid.uuid4().hex, now=now, lease_ms=15_000)
    except LeaseLostError:
        return
    case = {
        "testId": order.test_id,
        "caseId": "0",
        "title": order.title,
        "status": "passed",
        "durationMs": 1,
        "attempt": 1,
    }
    live.append(order.run_id, [Event(type="test", at=now, data=case)])
    result = TestResult(
        status=TestStatus.PASSED,
        started_at=now,
        ended_at=now + 1,
        duration_ms=1,
        cases=(Case(title=order.title, status=TestStatus.PASSED, duration_ms=1),),
        report=False,
    )
    live.put_result(order.run_id, order.test_id, result)
