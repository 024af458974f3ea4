import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from httpx_sse import EventSource, ServerSentEvent, connect_sse

from functions.status_stream.app import create_app
from matinee import bootstrap
from matinee.http.sse import HEARTBEAT
from matinee.model.run import TestStatus
from matinee.model.work import Event
from matinee.usecases.watch import Pace, Watches

END = Event(type="end", at=9, data={"status": "passed"})


@pytest.fixture
def app() -> FastAPI:
    return create_app()


@pytest.fixture
def url(app: FastAPI, serve: Callable[[FastAPI], str]) -> str:
    return serve(app)


def quicken(app: FastAPI, **pace: Any) -> None:
    """Let the app's watches follow another pace than its settings give."""
    app.state.watches = Watches(live=bootstrap.live(), runs=bootstrap.runs(), pace=Pace(**pace))


def say(*texts: str) -> list[Event]:
    return [Event(type="console", at=5, data={"text": text}) for text in texts]


def follow(url: str, world: Any, *, after: int | str | None = None, path: str = "test-status") -> list[ServerSentEvent]:
    """Follow a run to its end."""
    with open_stream(url, world, after=after, path=path) as source:
        return list(told(source))


def request_of(world: Any) -> bytes:
    path = f"/api/test-status/sse/{world.run.id}"
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.key}\r\nConnection: close\r\n\r\n".encode()


@contextmanager
def open_stream(
    url: str, world: Any, *, after: int | str | None = None, path: str = "test-status"
) -> Iterator[EventSource]:
    headers = {**world.authorization, **({} if after is None else {"Last-Event-ID": str(after)})}
    address = f"{url}/api/{path}/sse/{world.run.id}"
    with httpx.Client(timeout=60) as http, connect_sse(http, "GET", address, headers=headers) as source:
        yield source


def told(source: EventSource) -> Iterator[ServerSentEvent]:
    """Give the events as a browser does: what has no data, like `retry:` alone, is none."""
    return (event for event in source.iter_sse() if event.data)


def ids(events: list[ServerSentEvent]) -> list[int]:
    return [int(event.id) for event in events]


def eventually(holds: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# who may watch


def test_without_a_key_there_is_no_stream(url: str, world: Any) -> None:
    answer = httpx.get(f"{url}/api/test-status/sse/{world.run.id}")

    assert (401, "Bearer", "application/problem+json") == (
        answer.status_code,
        answer.headers["www-authenticate"],
        answer.headers["content-type"],
    )


@pytest.mark.parametrize("run_id", ["00000000-0000-7000-8000-00000000dead", "nonsense"])
def test_a_run_that_the_workspace_does_not_have_is_not_found(url: str, world: Any, run_id: str) -> None:
    assert 404 == httpx.get(f"{url}/api/test-status/sse/{run_id}", headers=world.authorization).status_code


def test_a_ticket_opens_its_own_run_and_no_other(url: str, world: Any, new_world: Callable[[], Any]) -> None:
    world.live.append(world.run.id, [END])
    query = {"ticket": world.ticket()}

    assert 200 == httpx.get(f"{url}/api/test-status/sse/{world.run.id}", params=query).status_code
    assert 401 == httpx.get(f"{url}/api/test-status/sse/{new_world().run.id}", params=query).status_code


# what is told


def test_events_come_as_they_happen_and_the_stream_ends_after_the_end(url: str, world: Any) -> None:
    world.live.append(world.run.id, say("a"))
    with open_stream(url, world) as source:
        events = told(source)
        assert "1" == next(events).id
        world.live.append(world.run.id, say("b", "c"))
        assert ["2", "3"] == [next(events).id, next(events).id]
        world.live.append(world.run.id, [*say("d"), END])
        rest = list(events)

    assert [("4", "console"), ("5", "end")] == [(event.id, event.event) for event in rest]
    assert {"runId": world.run.id, "at": 9, "status": "passed"} == json.loads(rest[-1].data)


def test_the_answer_is_an_event_stream_that_nothing_on_its_way_may_keep(url: str, world: Any) -> None:
    world.live.append(world.run.id, [END])

    answer = httpx.get(f"{url}/api/job-status/sse/{world.run.id}", headers=world.authorization)

    assert ("text/event-stream; charset=utf-8", "no-cache", "no") == (
        answer.headers["content-type"],
        answer.headers["cache-control"],
        answer.headers["x-accel-buffering"],
    )
    assert answer.text.startswith("retry: 1000\nid: 1\nevent: end\ndata: {")
    assert answer.text.endswith("}\n\n")


@pytest.mark.parametrize("path", ["test-status", "job-status"])
def test_a_client_that_comes_after_the_end_gets_the_whole_story(url: str, world: Any, path: str) -> None:
    world.live.append(world.run.id, [*say(*"abc"), END])

    assert [1, 2, 3, 4] == ids(follow(url, world, path=path))


@pytest.mark.parametrize("after", ["x", "-1", "", "9" * 30, "²", "1.5"])
def test_what_is_no_event_number_counts_as_nothing_seen(url: str, world: Any, after: str) -> None:
    world.live.append(world.run.id, [*say("a"), END])

    headers = {**world.authorization, "Last-Event-ID": after.encode()}
    with (
        httpx.Client() as client,
        connect_sse(client, "GET", f"{url}/api/test-status/sse/{world.run.id}", headers=headers) as source,
    ):
        assert [1, 2] == ids(list(told(source)))


def test_a_client_that_cannot_set_headers_says_in_the_address_where_it_was(url: str, world: Any) -> None:
    world.live.append(world.run.id, [*say("a"), END])
    address = f"{url}/api/test-status/sse/{world.run.id}?lastEventId=1"

    with httpx.Client() as client, connect_sse(client, "GET", address, headers=world.authorization) as source:
        assert [2] == ids(list(told(source)))


def test_a_client_that_has_the_end_is_told_not_to_come_again(url: str, world: Any) -> None:
    """EventSource reconnects for ever, unless the answer is 204."""
    world.live.append(world.run.id, [*say("a"), END])

    headers = {**world.authorization, "Last-Event-ID": "2"}
    assert 204 == httpx.get(f"{url}/api/test-status/sse/{world.run.id}", headers=headers).status_code


def test_a_client_that_drops_and_returns_sees_each_event_once(url: str, world: Any) -> None:
    """It drops after each event, while a writer goes on; what it saw, put together, is the log."""

    def write() -> None:
        for n in range(60):
            world.live.append(world.run.id, say(f"{n}a", f"{n}b"))
            time.sleep(0.005)
        world.live.append(world.run.id, [END])

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[ServerSentEvent] = []
    while not seen or seen[-1].event != "end":
        with open_stream(url, world, after=seen[-1].id if seen else None) as source:
            for _, event in zip(range(1 + len(seen) % 7), told(source), strict=False):
                seen.append(event)
    writer.join()

    assert list(range(1, 122)) == ids(seen)
    assert [f"{n}{half}" for n in range(60) for half in "ab"] == [json.loads(event.data)["text"] for event in seen[:-1]]


# many clients


def test_two_hundred_clients_on_one_run_cost_one_poller(app: FastAPI, url: str, world: Any) -> None:
    world.live.append(world.run.id, say("a"))

    async def client(begun: asyncio.Barrier) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(request_of(world))
        received = await reader.readuntil(b"id: 1\n")
        await begun.wait()
        received += await reader.read()
        writer.close()
        return [int(number) for number in re.findall(rb"^id: (\d+)$", received, re.MULTILINE)]

    async def everybody() -> tuple[int, list[list[int]]]:
        begun = asyncio.Barrier(201)
        clients = [asyncio.create_task(client(begun)) for _ in range(200)]
        await begun.wait()
        pollers = app.state.watches.pollers
        await asyncio.to_thread(world.live.append, world.run.id, say("b", "c"))
        await asyncio.to_thread(world.live.append, world.run.id, [END])
        return pollers, await asyncio.gather(*clients)

    assert (1, [[1, 2, 3, 4]] * 200) == asyncio.run(everybody())
    assert eventually(lambda: app.state.watches.pollers == 0)


def test_the_poller_stops_soon_after_the_last_client_left(app: FastAPI, url: str, world: Any) -> None:
    world.live.append(world.run.id, say("a"))
    with open_stream(url, world) as one, open_stream(url, world) as two:
        streams = [told(one), told(two)]
        assert ["1", "1"] == [next(stream).id for stream in streams]
        assert 1 == app.state.watches.pollers

    assert eventually(lambda: app.state.watches.pollers == 0, seconds=2)


def test_each_run_has_its_own_poller(app: FastAPI, url: str, world: Any, new_world: Callable[[], Any]) -> None:
    other = new_world()
    for each in (world, other):
        each.live.append(each.run.id, say(each.run.id))
    with open_stream(url, world) as one, open_stream(url, other) as two:
        streams = [told(one), told(two)]
        assert [world.run.id, other.run.id] == [json.loads(next(stream).data)["text"] for stream in streams]
        assert 2 == app.state.watches.pollers


def test_a_client_that_does_not_read_holds_up_nobody(url: str, world: Any) -> None:
    """Its socket is full after some hundred KB; the others get their 6 MB."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as lazy:
        lazy.sendall(request_of(world))
        for n in range(60):
            world.live.append(world.run.id, say(f"{n}" + "x" * 90_000))
        world.live.append(world.run.id, [END])

        assert list(range(1, 62)) == ids(follow(url, world))


def test_what_is_no_longer_in_memory_is_read_again(app: FastAPI, url: str, world: Any) -> None:
    quicken(app, kept_bytes=20_000)
    with open_stream(url, world) as first:
        for n in range(40):
            world.live.append(world.run.id, say(f"{n}" + "x" * 2_000))
        events = told(first)
        assert list(range(1, 41)) == [int(next(events).id) for _ in range(40)]
        with open_stream(url, world) as later:
            world.live.append(world.run.id, [END])
            assert list(range(1, 42)) == ids(list(told(later)))


def test_silence_is_broken_by_heartbeats(app: FastAPI, url: str, world: Any) -> None:
    quicken(app, heartbeat=0.1)
    with httpx.stream("GET", f"{url}/api/test-status/sse/{world.run.id}", headers=world.authorization) as answer:
        received = b""
        for chunk in answer.iter_raw():
            received += chunk
            if received.endswith(HEARTBEAT * 3):
                break

    assert b"retry: 1000\n" + HEARTBEAT * 3 == received


def test_a_client_that_another_process_served_faster_gets_each_event_once(app: FastAPI, url: str, world: Any) -> None:
    """The other process may have read what this one has not yet; that is no sign of a lost log."""
    quicken(app, shortest=0.5, longest=0.5)
    world.live.append(world.run.id, say("a"))
    with open_stream(url, world) as first:
        assert "1" == next(told(first)).id
        world.live.append(world.run.id, say("b", "c"))
        with open_stream(url, world, after=3) as moved:
            world.live.append(world.run.id, [END])
            assert [4] == ids(list(told(moved)))


# when a store has lost something, or does not answer


def test_a_run_whose_log_is_lost_is_told_from_postgres(url: str, world: Any) -> None:
    run = world.finish()

    events = follow(url, world)

    said = [(int(event.id), event.event, json.loads(event.data)) for event in events]
    assert [1, 2, 3, 4, 5, 6] == [number for number, _, _ in said]
    assert ["run", "run", "test", "run", "report", "end"] == [kind for _, kind, _ in said]
    assert ["queued", "running", "passed", "passed", None, "passed"] == [data.get("status") for *_, data in said]
    assert ("adds to the cart", 700) == (said[2][2]["title"], said[2][2]["durationMs"])
    assert (1, run.duration_ms) == (said[3][2]["counts"]["passed"], said[3][2]["durationMs"])
    assert f"/api/test-results/tests/{run.id}/report/" == said[4][2]["url"]


def test_an_error_that_is_told_from_postgres_has_its_reason(url: str, world: Any) -> None:
    world.finish(TestStatus.ERROR, report=False)

    events = follow(url, world)

    assert ["run", "run", "test", "run", "end"] == [event.event for event in events]
    verdict = json.loads(events[3].data)
    assert ("error", "no_tests", "It went wrong.") == (verdict["status"], verdict["reason"], verdict["message"])


def test_a_story_from_postgres_is_numbered_behind_what_is_left_of_the_log(url: str, world: Any) -> None:
    world.live.append(world.run.id, say("a", "b"))
    world.finish()

    assert [1, 2, 3, 4, 5, 6, 7, 8] == ids(follow(url, world))
    assert [7, 8] == ids(follow(url, world, after=6))


def test_a_client_that_saw_more_than_there_is_gets_all_that_there_is(url: str, world: Any) -> None:
    """It watched before a restart that emptied the live table."""
    world.finish()

    assert [1, 2, 3, 4, 5, 6] == ids(follow(url, world, after=500))


def test_a_run_that_goes_on_after_its_log_was_lost_is_waited_for(url: str, world: Any) -> None:
    with open_stream(url, world, after=500) as source:
        time.sleep(0.2)
        world.live.append(world.run.id, [*say("a"), END])

        assert [1, 2] == ids(list(told(source)))


def test_a_run_that_ended_but_whose_end_is_not_said_yet_is_waited_for(url: str, world: Any) -> None:
    """track_runs says the end after its commit: between the two, nothing is lost."""
    world.finish(said=False)
    with open_stream(url, world) as source:
        time.sleep(0.2)
        world.live.append(world.run.id, [*say("a"), END])

        assert [1, 2] == ids(list(told(source)))


def test_a_log_that_is_lost_while_it_is_watched_is_ended_from_postgres(app: FastAPI, url: str, world: Any) -> None:
    quicken(app, recheck=0.2)
    with open_stream(url, world) as source:
        time.sleep(0.1)
        world.finish()

        assert "end" == list(told(source))[-1].event


def test_a_stream_goes_on_without_postgres(app: FastAPI, url: str, world: Any) -> None:
    quicken(app, recheck=0.05)
    with open_stream(url, world) as source:
        bootstrap.database().close()
        time.sleep(0.3)
        world.live.append(world.run.id, [*say("a"), END])

        assert [1, 2] == ids(list(told(source)))


def test_a_stream_outlives_an_outage_of_the_live_table(
    app: FastAPI, url: str, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(app, retry=0.1, heartbeat=0.1)
    table = world.live._edge
    monkeypatch.setattr(table, "_table", "a-table-that-is-gone")
    with httpx.stream("GET", f"{url}/api/test-status/sse/{world.run.id}", headers=world.authorization) as answer:
        received = answer.iter_raw()
        assert b"retry: 1000\n" + HEARTBEAT == next(received) + next(received)
        monkeypatch.setattr(table, "_table", "live")
        world.live.append(world.run.id, [END])

        assert "event: end" in b"".join(received).decode()
