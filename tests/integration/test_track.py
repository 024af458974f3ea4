from typing import Any

import pytest

from functions.track_runs.handler import handler
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Reason, RunStatus
from matinee.model.work import Event


class Context:
    function_name = "track_runs"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:track_runs"
    aws_request_id = "r"


def batch(images: list[dict[str, Any]]) -> dict[str, Any]:
    """Give images as Lambda gets them from a stream."""
    records = [
        {
            "eventID": str(number),
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {"NewImage": image, "SequenceNumber": str(number), "StreamViewType": "NEW_IMAGE"},
        }
        for number, image in enumerate(images)
    ]
    return {"Records": records}


def test_a_run_that_is_claimed_runs(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)

    road.stream()

    assert RunStatus.RUNNING is road.run(run_id).status
    assert road.run(run_id).started_at is not None
    assert ["run queued", "run running"] == road.told(run_id)


def test_a_verdict_then_the_report_then_the_end(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.stream()
    road.finish(run_id, "failed", message="expected 1")
    road.stream()
    assert ["run queued", "run running", "run failed"] == road.told(run_id)
    assert road.run(run_id).report_at is None

    road.report(run_id)
    road.stream()

    assert ["run queued", "run running", "run failed", "report", "end failed"] == road.told(run_id)
    verdict, report, end = road.events(run_id)[-3:]
    assert ("expected 1", 1) == (verdict.data["message"], verdict.data["counts"]["failed"])
    assert verdict.data["durationMs"] == road.run(run_id).duration_ms
    assert {"url": f"/api/test-results/tests/{run_id}/report/"} == report.data
    assert {"status": "failed"} == end.data
    assert road.run(run_id).end_said_at is not None


def test_what_is_said_can_be_read_already(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment in which an event is appended, Postgres says the same."""
    run_id = road.submit()
    known: list[tuple[str, str, bool]] = []
    append_once = bootstrap.live().append_once

    def watch(run: str, *, key: str, events: list[Event]) -> bool:
        known.append((key, road.run(run).status.value, road.run(run).report_at is not None))
        return append_once(run, key=key, events=events)

    monkeypatch.setattr(bootstrap.live(), "append_once", watch)
    road.claim(run_id)
    road.stream()
    road.finish(run_id)
    road.stream()
    road.report(run_id)
    road.stream()

    assert [("running", "running", False), ("verdict", "passed", False)] == known[:2]
    assert ("end", "passed", True) == known[-1]


def test_without_a_report_to_come_the_verdict_is_the_end(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id, "error", reason=Reason.WORKER_LOST, message="gone", report=False)

    road.stream()

    assert ["run queued", "run running", "run error", "end error"] == road.told(run_id)
    assert "worker_lost" == road.events(run_id)[-2].data["reason"]
    assert road.run(run_id).end_said_at is not None


def test_a_whole_stream_told_again_changes_nothing(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id)
    road.report(run_id)
    images = road.images()
    for image in images:
        bootstrap.tracker().apply(image)
    run, told = road.run(run_id), road.events(run_id)

    for image in [*images, *images[::-1]]:
        bootstrap.tracker().apply(image)

    assert (run, told) == (road.run(run_id), road.events(run_id))


def test_a_request_to_cancel_is_no_beginning(road: Any) -> None:
    run_id = road.submit()
    bootstrap.live().request_cancel(run_id, run_id)

    road.stream()

    assert RunStatus.QUEUED is road.run(run_id).status


def test_a_report_whose_verdict_nobody_heard_says_it_first(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = road.submit()
    road.claim(run_id)
    road.finish(run_id)
    road.report(run_id)
    lease, result, report = road.images()
    bootstrap.tracker().apply(lease)
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.live(), "append_once", unavailable)
        with pytest.raises(LiveUnavailableError):
            bootstrap.tracker().apply(result)

    bootstrap.tracker().apply(report)

    assert ["run queued", "run running", "run passed", "report", "end passed"] == road.told(run_id)


def test_a_record_that_cannot_be_applied_now_comes_again(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = road.submit(), road.submit()
    road.claim(first)
    road.claim(second)
    event = batch(road.images())
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgresql:///x?host=/nonexistent")
        bootstrap.reset()
        patch.setattr("matinee.stores.postgres.Database.__init__.__kwdefaults__", {"max_size": 1, "patience_s": 0.2})
        assert ["0", "1"] == [item["itemIdentifier"] for item in handler(event, Context())["batchItemFailures"]]
    bootstrap.reset()

    assert {"batchItemFailures": []} == handler(event, Context())

    assert {RunStatus.RUNNING} == {road.run(run_id).status for run_id in (first, second)}


def test_a_record_that_can_never_be_applied_holds_up_nothing(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id)
    nobodys = {"pk": {"S": "01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"}, "sk": {"S": "result#x"}, "body": {"S": "{"}}
    deleted = {**road.images()[0], "pk": {"S": "01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"}}
    road._streamed.clear()

    answer = handler(batch([nobodys, {}, deleted, *road.images()]), Context())

    assert {"batchItemFailures": []} == answer
    assert RunStatus.RUNNING is road.run(run_id).status


def unavailable(*_: Any, **__: Any) -> None:
    raise LiveUnavailableError
