import json
import time
from typing import Any

import pytest
from psycopg import Cursor

from functions.track_runs.handler import handler
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError
from matinee.model.run import Reason, RunStatus
from matinee.model.work import Event, RunOrder
from matinee.stores.artifacts import manifest_key
from matinee.stores.postgres import Database
from matinee.usecases.story import story


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


# jobs


def told_of_tests(road: Any, run_id: str) -> list[tuple[str, str]]:
    """Give what the log says of a job's tests as a whole: titles and statuses."""
    events = [event for event in road.events(run_id) if event.type == "test" and "caseId" not in event.data]
    return [(event.data["title"], event.data["status"]) for event in events]


def test_a_jobs_tests_begin_and_end_with_the_runs_progress_between(road: Any) -> None:
    run = road.start_job(2)
    road.begin(run, 0, 1)
    road.end(run, 1, status="flaky")
    road.end(run, 0, status="failed", message="expected 1")

    assert [
        "run queued",
        "run running",
        "test running",
        "test running",
        "test flaky",
        "run running",
        "test failed",
        "run failed",
    ] == road.told(run.id)
    events = road.events(run.id)
    assert {"testId": run.tests[0].id, "title": "test 0", "status": "running"} in [event.data for event in events[2:4]]
    assert (2, 1) == (events[5].data["counts"]["total"], events[5].data["counts"]["flaky"])
    assert {
        "testId": run.tests[0].id,
        "title": "test 0",
        "status": "failed",
        "durationMs": 900,
        "attempts": 1,
        "message": "expected 1",
    } == events[6].data
    assert (1, "expected 1") == (events[7].data["counts"]["failed"], events[7].data["message"])


def test_a_job_ends_with_its_report_and_asks_for_it_once(road: Any) -> None:
    run = road.start_job(2)
    road.begin(run, 0, 1)
    road.end(run, 0, 1)
    assert [RunOrder(workspace_id=road.workspace_id, run_id=run.id)] == road.merges()
    assert road.run(run.id).end_said_at is None

    road.report(run.id)
    road.stream()

    assert ["run passed", "report", "end passed"] == road.told(run.id)[-3:]
    assert {"url": f"/api/test-results/jobs/{run.id}/report/"} == road.events(run.id)[-2].data
    assert road.run(run.id).end_said_at is not None
    assert [] == road.merges()


def test_the_manifest_tells_the_report_all_that_postgres_knows(road: Any) -> None:
    """In the job's order, whatever the order in which they ended."""
    run = road.start_job(3, parallelism=2, stop_after_failures=1)
    road.begin(run, 0, 1)
    road.end(run, 1, status="error", reason=Reason.BROWSER_CRASHED, message="crash", started_at=5000, attempts=3)
    road.end(run, 0, started_at=4000)

    manifest = json.loads(bootstrap.artifacts().get_bytes(manifest_key(road.workspace_id, run.id)))

    first, second, third = manifest.pop("tests")
    assert {"title": "Nightly"} == manifest
    assert {
        "id": run.tests[0].id,
        "title": "test 0",
        "status": "passed",
        "startedAt": 4000,
        "durationMs": 900,
        "attempts": 1,
    } == first
    assert ("error", "browser_crashed", "crash", 3) == tuple(
        second[name] for name in ("status", "reason", "message", "attempts")
    )
    assert ("skipped", "stopped_early", 0) == tuple(third[name] for name in ("status", "reason", "attempts"))
    assert "startedAt" not in third


def test_a_test_without_a_blob_does_not_keep_a_job_from_its_report(road: Any) -> None:
    run = road.start_job(1)
    road.begin(run, 0)
    road.end(run, 0, status="error", reason=Reason.WORKER_LOST, report=False)

    assert 1 == len(road.merges())
    assert "run error" == road.told(run.id)[-1]


def test_a_jobs_whole_stream_told_again_changes_nothing(road: Any) -> None:
    run = road.start_job(3)
    for number in range(3):
        road.claim(run.id, run.tests[number].id)
        road.finish(run.id, test_id=run.tests[number].id, ended_at=4000 + number)
    road.report(run.id)
    images = road.images()
    for image in images:
        bootstrap.tracker().apply(image)
    ended, told = road.run(run.id), road.events(run.id)
    road.merges()

    for image in [*images, *images[::-1]]:
        bootstrap.tracker().apply(image)

    assert (ended, told) == (road.run(run.id), road.events(run.id))
    assert [] == road.merges()


def test_a_beginning_that_is_heard_of_after_the_end_says_nothing(road: Any) -> None:
    run = road.start_job(2)
    road.claim(run.id, run.tests[0].id)
    road.finish(run.id, test_id=run.tests[0].id)
    lease, result = road.images()

    for image in (result, lease):
        bootstrap.tracker().apply(image)

    assert [("test 0", "passed")] == told_of_tests(road, run.id)


@pytest.mark.parametrize("broken", ["live.append_once", "artifacts.put_bytes", "report_queue.send"])
def test_an_interrupted_conclusion_is_made_up_for_when_the_record_comes_again(
    road: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The process dies between two steps, after the result is in Postgres."""
    run = road.start_job(2)
    road.begin(run, 0, 1)
    road.end(run, 0)
    road.finish(run.id, test_id=run.tests[1].id)
    (last,) = road.images()
    part, method = broken.split(".")
    with monkeypatch.context() as patch:
        patch.setattr(getattr(bootstrap, part)(), method, unavailable)
        with pytest.raises(LiveUnavailableError):
            bootstrap.tracker().apply(last)
    assert RunStatus.PASSED is road.run(run.id).status

    bootstrap.tracker().apply(last)

    assert [("test 0", "passed"), ("test 1", "passed")] == told_of_tests(road, run.id)[-2:]
    assert 1 == road.told(run.id).count("run passed")
    assert 1 == len(road.merges())
    assert bootstrap.artifacts().exists(manifest_key(road.workspace_id, run.id))


def test_a_batch_that_comes_again_does_not_ask_for_a_report_with_each_of_its_records(road: Any) -> None:
    run = road.start_job(10)
    for number, test in enumerate(run.tests):
        road.finish(run.id, test_id=test.id, ended_at=4000 + number)
    event = batch(road.images())

    for _ in range(2):
        assert {"batchItemFailures": []} == handler(event, Context())

    assert 2 == len(road.merges())  # the last record's, each time


def test_of_a_deleted_job_nothing_is_told(road: Any, database: Database) -> None:
    run = road.start_job(2)
    road.claim(run.id, run.tests[0].id)
    road.finish(run.id, test_id=run.tests[1].id)
    with database.transaction() as connection:
        connection.execute("DELETE FROM runs WHERE id = %s", [run.id])

    assert {"batchItemFailures": []} == handler(batch(road.images()), Context())

    assert ["run queued"] == road.told(run.id)


def test_a_result_costs_the_same_early_and_late_in_a_run_of_a_thousand(road: Any) -> None:
    """Neither all tests are read nor all scripts: what Postgres hands out for one result does not grow."""
    run = road.start_job(1000, parallelism=2, test={"script": "//" + "x" * 2000})
    rows = 0
    fetched = Cursor.fetchall, Cursor.fetchone

    def count(result: Any) -> Any:
        nonlocal rows
        rows += len(result) if isinstance(result, list) else 1
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cursor, "fetchall", lambda self: count(fetched[0](self)))
        patch.setattr(Cursor, "fetchone", lambda self: count(fetched[1](self)))
        road.begin(run, 0)
        road.end(run, 0)

    assert 12 > rows
    assert 1 == road.run(run.id).counts.passed


def test_a_jobs_story_can_be_told_from_postgres_alone(road: Any) -> None:
    """In the order in which its tests ended, also those that nobody began."""
    run = road.start_job(3, parallelism=2, stop_after_failures=1)
    road.begin(run, 0, 1)
    road.end(run, 0, status="failed", message="expected 1")
    road.end(run, 1, ended_at=round(time.time() * 1000) + 1000)
    road.report(run.id)
    road.stream()

    told = list(story(road.run(run.id)))

    assert [("run", "queued"), ("run", "running")] == [(event.type, event.data["status"]) for event in told[:2]]
    tests = [event.data for event in told if event.type == "test"]
    assert [("test 0", "failed"), ("test 2", "skipped"), ("test 1", "passed")] == [
        (test["title"], test["status"]) for test in tests
    ]
    assert ["run", "report", "end"] == [event.type for event in told[-3:]]
