"""Streams outlive the moment in which their listener was let in, but not by much the right to listen."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from httpx_sse import connect_sse
from starlette.requests import Request

from functions.status_stream.app import create_app
from matinee import bootstrap
from matinee.http.standing import Standing
from matinee.model.work import Event

#: What issue and README promise, in seconds.
PROMISED = 10


@pytest.fixture
def url(serve: Callable[[FastAPI], str]) -> str:
    return serve(create_app())


def revoke_key(world: Any) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE workspace_id = %s", [world.workspace_id])


@pytest.mark.parametrize("credentials", ["key", "ticket"])
def test_a_revoked_key_hears_no_more_within_ten_seconds(url: str, world: Any, credentials: str) -> None:
    """Nor does a ticket that was made with it, although the run goes on, and says so all the time. It is not let in again either."""
    world.live.append(world.run.id, [Event(type="console", at=1, data={"text": "before"})])
    headers = world.authorization if credentials == "key" else {}
    address = f"{url}/api/test-status/sse/{world.run.id}"
    query = {"ticket": world.ticket()} if credentials == "ticket" else {}
    with httpx.Client(timeout=30) as http, connect_sse(http, "GET", address, headers=headers, params=query) as source:
        heard = source.iter_sse()
        assert "before" in next(heard).data
        revoke_key(world)
        revoked = time.monotonic()
        while time.monotonic() < revoked + PROMISED:
            world.live.append(world.run.id, [Event(type="console", at=2, data={"text": "after"})])
            if next(heard, None) is None:
                break

    assert time.monotonic() < revoked + PROMISED
    assert 401 == httpx.get(address, headers=headers, params=query).status_code


def test_a_listener_stays_while_the_database_is_away() -> None:
    """What cannot be known is no reason to send anybody away; a hundred with the same key ask once."""
    asked: list[str] = []

    def away(_request: Any, run_id: str) -> None:
        asked.append(run_id)
        raise ConnectionError

    standing = Standing(away)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer k")],
        "server": ("x", 80),
        "scheme": "http",
    }
    request = Request(scope)

    async def ask() -> list[bool]:
        return list(await asyncio.gather(*(standing.good(request, "r") for _ in range(100))))

    assert [True] * 100 == asyncio.run(ask())
    assert ["r"] == asked
