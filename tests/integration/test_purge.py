import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from matinee import bootstrap
from matinee.model.errors import LeaseLostError
from matinee.model.work import Event


def purge(**more: Any) -> int:
    return bootstrap.purger().purge(**{"patience_s": 10.0, **more})


def delete(road: Any, run_id: str) -> None:
    bootstrap.deletions().delete_run(road.workspace_id, run_id)


def waiting() -> list[str]:
    return [each.run_id for each in bootstrap.deletions().waiting()]


def known(run_id: str) -> list[str]:
    items = boto3.client("dynamodb").scan(TableName="live", ConsistentRead=True)["Items"]
    return sorted(item["sk"]["S"] for item in items if item["pk"]["S"] == run_id)


def ended(road: Any) -> str:
    """A run whose story is complete."""
    run_id: str = road.submit()
    road.orders()
    road.claim(run_id, lease_s=0)
    road.finish(run_id)
    road.report(run_id)
    road.stream()
    return run_id


def test_a_run_whose_story_is_complete_is_forgotten_at_once(road: Any) -> None:
    run_id = ended(road)
    delete(road, run_id)

    assert (1, []) == (purge(), waiting())
    assert [] == known(run_id)


def test_a_run_that_is_at_work_is_told_to_stop_and_forgotten_when_it_has(road: Any) -> None:
    """Its worker hears of it at the next renewal. While it holds its test, nothing is taken from under it."""
    run_id = road.submit()
    road.claim(run_id)
    road.stream()
    delete(road, run_id)

    assert 0 == purge(grace_s=0)
    assert bootstrap.live().renew(run_id, run_id, owner="worker", now=_now(), lease_ms=1).cancel
    road.finish(run_id, "cancelled")
    road.stream()

    assert 0 == purge()
    assert 1 == purge(grace_s=0)
    assert ([], []) == (known(run_id), waiting())


def test_a_run_whose_report_may_be_coming_is_given_its_time(road: Any) -> None:
    run_id = road.submit()
    road.claim(run_id, lease_s=0)
    road.finish(run_id)
    road.stream()
    delete(road, run_id)

    assert 0 == purge()
    assert 1 == purge(grace_s=0)
    assert [] == known(run_id)


def test_an_order_that_nobody_took_finds_a_test_that_is_over(road: Any) -> None:
    """It may lie on its queue for long. Until it cannot be there any more, the lease stays, and nothing else of the run."""
    run_id = road.submit()
    delete(road, run_id)

    assert 0 == purge(grace_s=0)
    assert [f"lease#{run_id}"] == known(run_id)
    with pytest.raises(LeaseLostError) as lost:
        road.claim(run_id)
    assert lost.value.lease.done

    assert 1 == purge(grace_s=0, orders_last_s=0)
    assert ([], []) == (known(run_id), waiting())


def test_so_does_one_that_was_cancelled_before_it_was_deleted(road: Any) -> None:
    run_id = road.submit()
    bootstrap.canceller().cancel(road.workspace_id, run_id)
    road.stream()
    assert road.run(run_id).end_said_at
    delete(road, run_id)

    purge()

    with pytest.raises(LeaseLostError):
        road.claim(run_id)


def test_what_a_purge_has_no_time_for_is_for_the_next_one(road: Any) -> None:
    runs = [ended(road) for _ in range(2)]
    for run_id in runs:
        delete(road, run_id)

    assert 0 == purge(patience_s=-1)
    assert (1, [runs[1]]) == (purge(only=[runs[0]]), waiting())
    assert (1, []) == (purge(), waiting())


def test_a_purge_that_breaks_off_is_made_good(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = ended(road)
    delete(road, run_id)

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap.live(), "forget", lambda *_, **__: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            purge()

    assert (1, []) == (purge(), waiting())


def test_many_items_and_objects_are_forgotten(road: Any) -> None:
    """More than one request may name: 25 items, 1,000 objects. Another run's stay."""
    run_id, other = ended(road), ended(road)
    for number in range(70):
        bootstrap.live().append(run_id, [Event(type="console", at=number, data={})])
    s3 = boto3.client("s3")
    for number in range(1_050):
        s3.put_object(Bucket="artifacts", Key=f"runs/{road.workspace_id}/{run_id}/report/data/{number}", Body=b"x")
    bootstrap.artifacts().put_bytes(f"runs/{road.workspace_id}/{other}/x", b"x", content_type="text/plain")
    delete(road, run_id)

    purge(patience_s=60)

    assert [] == known(run_id)
    assert known(other)
    left = s3.list_objects_v2(Bucket="artifacts")["Contents"]
    assert [f"runs/{road.workspace_id}/{other}/x"] == [each["Key"] for each in left]


def test_old_runs_expire_and_young_or_open_ones_do_not(road: Any) -> None:
    old, older, young, still_open = ended(road), ended(road), ended(road), road.submit()
    _age(old, days=31)
    _age(older, days=33)
    _age(still_open, days=33)
    before = datetime.now(UTC) - timedelta(days=30)

    assert [1, 1, 0] == [bootstrap.deletions().expire(before, limit=1) for _ in range(3)]

    assert {old, older} == set(waiting())
    assert [young, still_open] == sorted([each.id for each in bootstrap.runs().list(road.workspace_id)[0]])
    assert (2, [], []) == (purge(), known(old), known(older))


def _age(run_id: str, *, days: int) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute(
            "UPDATE runs SET created_at = created_at - of.age, ended_at = ended_at - of.age"
            " FROM (SELECT make_interval(days => %s) AS age) AS of WHERE id = %s",
            [days, run_id],
        )


def _now() -> int:
    return time.time_ns() // 1_000_000
