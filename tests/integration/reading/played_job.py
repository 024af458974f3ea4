"""The functions behind the API for tests of jobs: planner and tracker are the real ones, the worker is played."""

import threading
from collections.abc import Mapping
from typing import Any, Self

import boto3

from matinee import bootstrap
from matinee.model.clock import now_ms
from matinee.model.errors import LeaseLostError
from matinee.model.run import Reason, TestStatus
from matinee.model.work import Case, RunOrder, TestOrder, TestResult
from matinee.stores.artifacts import report_prefix

JUNIT = b'<testsuites name="played"/>'
_KINDS = ("lease#", "result#", "report#")


def outcome(status: TestStatus = TestStatus.PASSED, **more: Any) -> TestResult:
    """Give a result of 1.25 s, with one case that fails with its message if the test does."""
    at = now_ms()
    case = Case(title="adds up", status=status, duration_ms=40, message=more.get("message"))
    cases = () if status is TestStatus.ERROR else (case,)
    known = {"started_at": at, "ended_at": at + 1_250, "duration_ms": 1_250, "cases": cases, "report": True}
    return TestResult(status=status, **{**known, **more})


class PlayedJob:
    """Takes what lies on the queues and what the live table's stream would bring, until it is left.

    `outcomes`: how the tests end, by title; one that is not there runs until it is cancelled.
    """

    def __init__(self, outcomes: Mapping[str, TestResult], *, report: bool = True) -> None:
        self._outcomes = outcomes
        self._report = report
        self._runs: set[str] = set()
        self._held: dict[str, TestOrder] = {}
        self._streamed: set[tuple[str, str]] = set()
        self._over = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            while not self._over.wait(0.05):
                for order in _taken(bootstrap.job_queue()):
                    self._runs.add(order.run_id)
                    bootstrap.planner().plan(order.workspace_id, order.run_id)
                for test in _taken(bootstrap.test_queue()):
                    if test.run_id in self._runs:
                        self._begin(test)
                for test in list(self._held.values()):
                    self._go_on(test)
                for order in _taken(bootstrap.report_queue()):
                    self._make_report(order)
                self._stream()
        except BaseException as error:  # noqa: BLE001 - raised where the test is
            self._error = error

    def _begin(self, order: TestOrder) -> None:
        try:
            bootstrap.live().claim(order.run_id, order.test_id, owner="played", now=now_ms(), lease_ms=60_000)
        except LeaseLostError:
            return
        self._held[order.test_id] = order

    def _go_on(self, order: TestOrder) -> None:
        """End the test if that is its turn; a turn later than it began, so that it is seen running."""
        live = bootstrap.live()
        lease = live.renew(order.run_id, order.test_id, owner="played", now=now_ms(), lease_ms=60_000)
        result = self._outcomes.get(order.title)
        if lease.cancel:
            result = outcome(TestStatus.CANCELLED, reason=Reason.CANCELLED)
        if result and ("lease#", order.test_id) in {(sk[:6], sk[6:]) for _, sk in self._streamed}:
            live.put_result(order.run_id, order.test_id, result)
            del self._held[order.test_id]

    def _make_report(self, order: RunOrder) -> None:
        if self._report:
            prefix, put = report_prefix(order.workspace_id, order.run_id), bootstrap.artifacts().put_bytes
            put(f"{prefix}junit.xml", JUNIT, content_type="application/xml")
            put(f"{prefix}index.html", b"<!doctype html>", content_type="text/html")
        bootstrap.live().put_report(order.run_id, order.run_id, at=now_ms() if self._report else None)

    def _stream(self) -> None:
        items = boto3.client("dynamodb").scan(TableName="live", ConsistentRead=True)["Items"]
        found = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
        fresh = [key for key in found.keys() - self._streamed if key[0] in self._runs and key[1].startswith(_KINDS)]
        for key in sorted(fresh, key=lambda key: _KINDS.index(key[1].partition("#")[0] + "#")):
            bootstrap.tracker().apply(found[key])
            self._streamed.add(key)


def _taken(queue: Any) -> list[Any]:
    received = queue.receive()
    for letter in received:
        queue.delete(letter.receipt_handle)
    return [letter.order for letter in received]
