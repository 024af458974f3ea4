"""Whatever a client says it has seen: it gets what follows, of this run alone, each event once and in order."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.status_stream.app import create_app
from matinee import bootstrap
from matinee.model.work import Event
from tests.integration.reading.raw import VALUES, ask

CONTRACT = json.loads((Path(__file__).parents[3] / "openapi.json").read_text(encoding="utf-8"))
DOCUMENTED = CONTRACT["paths"]["/api/test-status/sse/{run_id}"]["get"]["responses"]
OTHER = "00000000-0000-7000-8000-00000000beef"
EVENTS = 7

NUMBERS = st.one_of(
    st.integers(-2, EVENTS + 2),
    st.sampled_from([10**9, 10**10 - 1, 10**10, 2**63, 2**64, 10**400]),
).map(str)  # fmt: skip
SEEN = st.one_of(
    NUMBERS.map(str.encode),
    NUMBERS.map(lambda number: f"0{number}".encode()),
    st.sampled_from(
        [b"+3", b"3.0", b"3e0", b"0x3", b"3,4", b"3;4", "٣".encode(), "²".encode(), b"\xb2", b"3\xa0", b"NaN"]
    ),
    VALUES,
)
IDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: quote(text, safe="")),
    st.sampled_from(["..", "%2e%2e", "%00", "0" * 36, "x" * 3_000, "{" + "0" * 32 + "}", "urn:uuid:" + "0" * 32]),
)


class Audience:
    """A run of ours that has ended, one that another workspace has, and the way to ask for their events."""

    def __init__(self, url: str, world: Any, other: Any) -> None:
        self.ours, self.theirs = world.run.id, other.run.id
        self._url = url
        self._headers = [(b"Authorization", b"Bearer " + world.key.encode())]
        for run_id in (self.ours, self.theirs):
            said = [Event(type="console", at=5, data={"text": run_id}) for _ in range(EVENTS - 1)]
            world.live.append(run_id, [*said, Event(type="end", at=9, data={"status": "passed"})])

    def ask(self, kind: str, run_id: str, *, header: bytes | None, query: str | None, accept: bytes) -> Any:
        """Ask as our workspace's owner."""
        target = f"/api/{kind}-status/sse/{run_id}" + (f"?lastEventId={query}" if query is not None else "")
        said = [] if header is None else [(b"Last-Event-ID", header)]
        return ask(self._url, target.encode("ascii"), [*self._headers, (b"Accept", accept), *said])


@pytest.fixture
def audience(serve: Callable[[Any], str], world: Any, new_world: Callable[[], Any]) -> Audience:
    other = new_world()
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'other') ON CONFLICT DO NOTHING", [OTHER])
        connection.execute("UPDATE runs SET workspace_id = %s WHERE id = %s", [OTHER, other.run.id])
    return Audience(serve(create_app()), world, other)


def test_what_follows_on_what_was_seen_is_told_once_and_nothing_else(audience: Audience) -> None:
    """What is no number of an event, or more than there are, was never seen; the header counts, not the address."""

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(
        st.sampled_from(["test", "job"]),
        st.none() | SEEN,
        st.none() | NUMBERS | IDS,
        st.sampled_from([b"text/event-stream", b"text/html"]) | VALUES,
    )
    def holds(kind: str, header: bytes | None, query: str | None, accept: bytes) -> None:
        answer = audience.ask(kind, audience.ours, header=header, query=query, accept=accept)

        if answer.refused:
            return
        seen = _number((header or b"").strip(b" \t").decode("latin-1") or query or "")
        assert (204 if seen == EVENTS else 200) == answer.status, answer
        told = [json.loads(line[6:]) for line in answer.body.splitlines() if line.startswith(b"data: ")]
        numbers = [int(line[4:]) for line in answer.body.splitlines() if line.startswith(b"id: ")]
        assert list(range((seen if seen <= EVENTS else 0) + 1, EVENTS + 1)) == numbers
        assert {audience.ours} >= {each["runId"] for each in told} | {each["text"] for each in told if "text" in each}

    holds()


def test_what_is_no_run_of_ours_is_not_there(audience: Audience) -> None:
    """Another workspace's run, and whatever else may stand in its place."""

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(
        st.sampled_from(["test", "job"]),
        st.just(audience.theirs) | st.just(audience.ours.upper()) | IDS,
        st.none() | SEEN,
    )
    def holds(kind: str, run_id: str, header: bytes | None) -> None:
        answer = audience.ask(kind, run_id, header=header, query=None, accept=b"*/*")

        if answer.refused:
            return
        assert (404, "application/problem+json") == (answer.status, answer.kind)
        assert str(answer.status) in DOCUMENTED
        assert audience.theirs.encode() not in answer.body

    holds()


def _number(said: str) -> int:
    """Give the event's number that is said; 0 if none is."""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 10 else 0
