"""Sweep rests while nothing goes on, so that a database can pause; and never while something does."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from functions.sweep.handler import handler
from matinee import bootstrap, settings
from matinee.stores.tracking import Tracking

_HOURS = 3600


class Context:
    function_name = "sweep"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:sweep"
    aws_request_id = "r"


@pytest.fixture
def resting(road: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The road, where sweep may rest for six hours."""
    monkeypatch.setenv("MATINEE_SWEEP_RESTS_S", str(6 * _HOURS))
    settings.load.cache_clear()
    return road


@pytest.fixture
def later() -> Callable[[float], None]:
    """Let so many seconds have passed since the item was last written."""

    def pass_by(seconds: float) -> None:
        clock = bootstrap.alarm_clock()
        item = clock._edge.get("sweep", "clock") or {}
        earlier = {
            name: {"N": str(int(value["N"]) - int(seconds))}
            for name, value in item.items()
            if name in {"due", "rung"} and value["N"] != "0"
        }
        if earlier:
            clock._edge.update("sweep", "clock", earlier)

    return pass_by


def sweep() -> Mapping[str, int]:
    return handler({}, Context())  # type: ignore[arg-type] # all of a context that is looked at


def looks(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a sweep now reads Postgres."""
    seen: list[int] = []
    real = Tracking.unfinished
    with monkeypatch.context() as patch:
        patch.setattr(Tracking, "unfinished", lambda self, **more: seen.append(1) or real(self, **more))
        sweep()
    return bool(seen)


@pytest.mark.usefixtures("resting")
def test_a_sweep_that_finds_nothing_rests_until_somebody_changes_something(
    api: Any, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first looks; then none does for six hours, unless a request comes that is no mere question."""
    assert looks(monkeypatch)
    assert not looks(monkeypatch)
    api.get("/api/runs")
    assert not looks(monkeypatch)
    later(6 * _HOURS + 1)
    assert looks(monkeypatch)
    assert not looks(monkeypatch)

    api.post("/api/test", json={"script": "test('a', () => {})"})

    assert looks(monkeypatch)
    assert looks(monkeypatch)  # its run has not ended


@pytest.mark.usefixtures("resting")
def test_what_was_begun_in_the_last_minute_keeps_sweep_awake(
    later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that said so may not have reached Postgres when the sweep looked there."""
    bootstrap.rest().disturb()

    assert [True, True] == [looks(monkeypatch) for _ in range(2)]
    later(61)
    assert [True, False] == [looks(monkeypatch) for _ in range(2)]


@pytest.mark.usefixtures("resting")
def test_nothing_begins_that_sweep_would_not_hear_of(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the clock cannot be set, the request is refused, and nothing of it is saved."""
    monkeypatch.setenv("LIVE_TABLE", "no-such-table")
    settings.load.cache_clear()
    bootstrap.alarm_clock.forget()

    answer = api.post("/api/test", json={"script": "test('a', () => {})"})

    assert (503, []) == (answer.status_code, api.get("/api/runs").json()["items"])


def test_without_the_setting_every_sweep_looks(road: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  it is there
    assert [True, True] == [looks(monkeypatch) for _ in range(2)]
