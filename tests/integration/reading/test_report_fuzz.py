"""Whatever is asked of a report: only what is its own is given, and never does the server fail."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.report_proxy.app import create_app
from matinee import bootstrap
from matinee.stores.artifacts import report_prefix, run_prefix, viewer_prefix
from tests.integration.reading.raw import VALUES, Answer, ask

CONTRACT = json.loads((Path(__file__).parents[3] / "openapi.json").read_text(encoding="utf-8"))
DOCUMENTED = CONTRACT["paths"]["/api/test-results/tests/{run_id}/report/{path}"]["get"]["responses"]
OTHER = "00000000-0000-7000-8000-00000000beef"
NAMES = ("index.html", "data/0123456789abcdef0123456789abcdef01234567.zip", "trace/sw.js")

SEGMENTS = st.one_of(
    st.sampled_from([".", "..", "...", "%2e%2e", "%2E.", "%252e%252e", "%c0%ae%c0%ae", "..%2f", "..%5c", "..\\", "%00", "%0d%0a", "%2f", ""]),
    st.sampled_from(["data", "trace", "report", "tests", "runs", "viewer", "index.html", "console.txt", "manifest.json", "report-of-another", "1.65.1"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(quote),
    st.text(st.characters(codec="latin-1", min_codepoint=0x21), max_size=4),
    st.sampled_from(["x" * 300, "x" * 1_100, quote("é" * 600)]),
)  # fmt: skip
PATHS = st.one_of(
    st.sampled_from(NAMES * 4),
    st.lists(SEGMENTS, max_size=6).map("/".join),
    st.tuples(SEGMENTS, st.sampled_from([300, 2_000])).map(lambda repeated: "/".join([repeated[0][:3]] * repeated[1])),
    st.tuples(st.lists(SEGMENTS, max_size=3), st.sampled_from(NAMES)).map(
        lambda parts: "/".join([*parts[0], parts[1]])
    ),
)
BOUNDS = st.one_of(st.integers(-9, 300), st.sampled_from([2**31, 2**63, 2**64, 10**17, 10**18, 10**40])).map(
    str
) | st.just("")
RANGES = st.one_of(
    st.tuples(BOUNDS, BOUNDS).map("bytes={0[0]}-{0[1]}".format),
    st.lists(st.tuples(BOUNDS, BOUNDS).map("{0[0]}-{0[1]}".format), max_size=200).map(
        lambda many: "bytes=" + ",".join(many)
    ),
).map(str.encode)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just(b"Range"), RANGES | VALUES),
        st.tuples(st.just(b"If-None-Match"), st.sampled_from([b"*", b'""', b'W/"x"', b'"x", "y"']) | VALUES),
        st.tuples(st.just(b"Accept"), st.sampled_from([b"text/html", b"*/*"]) | VALUES),
        st.tuples(
            st.sampled_from([b"Cookie", b"If-Match", b"If-Range", b"Accept-Encoding", b"Sec-Fetch-Site"]), VALUES
        ),
    ),
    max_size=3,
    unique_by=lambda header: header[0],
)


class Theatre:
    """A report of ours, what lies around it, and what lies elsewhere, each with bytes that tell it apart."""

    def __init__(self, url: str, world: Any, other: Any) -> None:
        self._url = url
        self._key = world.key.encode()
        ours, theirs = (world.workspace_id, world.run.id), (OTHER, other.run.id)
        self.ids = [
            world.run.id,
            other.run.id,
            world.run.id.upper(),
            "..",
            "%2e%2e",
            f"..%2f{OTHER}%2f{other.run.id}",
            "x",
            "%00",
        ]
        self.files = {name: b"ours " + name.encode() * 9 for name in NAMES}
        put = bootstrap.artifacts().put_bytes
        for name, data in self.files.items():
            prefix = viewer_prefix("1.65.1") if name.startswith("trace/") else report_prefix(*ours)
            put(prefix + name.removeprefix("trace/"), data, content_type="text/html")
        around = [
            run_prefix(*ours) + name
            for name in ("console.txt", "manifest.json", "tests/x/console.txt", "report-of-another/index.html")
        ]
        elsewhere = [f"{report_prefix(*theirs)}{name}" for name in ("index.html", "data/console.txt")]
        for key in [
            *around,
            *elsewhere,
            "viewer/index.html",
            "viewer/1.65.1-of-another/index.html",
            "index.html",
            "console.txt",
        ]:
            put(key, b"OUTSIDE", content_type="text/plain")

    def ask(self, kind: str, run_id: str, path: str, headers: list[tuple[bytes, bytes]], method: str) -> Answer:
        """Ask as the workspace's owner."""
        target = f"/api/test-results/{kind}/{run_id}/report/{path}".encode("latin-1")
        return ask(self._url, target, [(b"Authorization", b"Bearer " + self._key), *headers], method=method)

    def ask_shown(self, ticket: str, path: str, headers: list[tuple[bytes, bytes]], method: str) -> Answer:
        """Ask at the reports' own origin, as whoever has this ticket."""
        return ask(self._url, f"/reports/{ticket}/{path}".encode("latin-1"), headers, method=method)


@pytest.fixture
def theatre(serve: Callable[[Any], str], world: Any, new_world: Callable[[], Any]) -> Theatre:
    world.finish()
    other = new_world()
    with bootstrap.database().transaction() as connection:
        connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'other') ON CONFLICT DO NOTHING", [OTHER])
        connection.execute("UPDATE runs SET workspace_id = %s WHERE id = %s", [OTHER, other.run.id])
    return Theatre(serve(create_app()), world, other)


def test_nothing_but_a_reports_own_files_is_given(theatre: Theatre) -> None:
    """Traversals, encodings, ranges, conditions and headers of any kind: a documented answer, and no byte of anything else."""

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(
        st.sampled_from(["tests", "jobs"]), st.sampled_from(theatre.ids[:1] * 6 + theatre.ids), PATHS, HEADERS,
        st.sampled_from(["GET", "GET", "HEAD"]),
    )  # fmt: skip
    def holds(kind: str, run_id: str, path: str, headers: list[tuple[bytes, bytes]], method: str) -> None:
        answer = theatre.ask(kind, run_id, path, headers, method)

        assert b"OUTSIDE" not in answer.body
        if answer.refused:
            return
        assert answer.status < 500, answer
        assert str(answer.status) in DOCUMENTED, answer
        if answer.status in {401, 404} and method == "GET":
            assert answer.kind in {"application/problem+json", "text/html"}
        if answer.status in {200, 206} and method == "GET":
            assert any(answer.body in data for data in theatre.files.values())

    holds()


def test_a_ticket_gives_nothing_but_its_reports_own_files(theatre: Theatre, world: Any) -> None:
    """The same where browsers are shown it: by its ticket, by parts of one, by one of another run, with whatever else comes along."""
    ticket = world.ticket()
    others = [
        ticket[:-1],
        ticket.upper(),
        f"{ticket}%00",
        f"{ticket}%2f..",
        f"x%2f..%2f{ticket}",
        "..",
        "%2e%2e",
        "",
        "tk_",
    ]

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from([ticket] * 9 + others), PATHS, HEADERS, st.sampled_from(["GET", "GET", "HEAD"]))
    def holds(taken: str, path: str, headers: list[tuple[bytes, bytes]], method: str) -> None:
        answer = theatre.ask_shown(taken, path, headers, method)

        assert b"OUTSIDE" not in answer.body
        assert "set-cookie" not in answer.headers
        if answer.refused:
            return
        assert answer.status in {200, 206, 304, 307, 401, 404, 416}, answer
        if answer.status in {200, 206}:
            assert taken == ticket
            assert "nosniff" == answer.headers["x-content-type-options"]
            assert "content-security-policy" in answer.headers
        if answer.status in {200, 206} and method == "GET":
            assert any(answer.body in data for data in theatre.files.values())

    holds()


def test_a_range_is_what_it_says_or_is_not_heeded(theatre: Theatre) -> None:
    """Of a file that is there: the bytes asked for, the whole, or that there are none such; also of HEAD, without the bytes."""
    name = NAMES[0]
    data = theatre.files[name]

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(RANGES, st.sampled_from(["GET", "HEAD"]))
    def holds(asked: bytes, method: str) -> None:
        answer = theatre.ask("tests", theatre.ids[0], name, [(b"Range", asked)], method)

        sent = data
        if answer.status == 206:
            first, last, size = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers["content-range"]).groups()
            sent = data[int(first) : int(last) + 1]
            assert (len(data), True) == (int(size), 0 <= int(first) <= int(last) < len(data))
        elif answer.status == 416:
            sent = b""
            assert f"bytes */{len(data)}" == answer.headers["content-range"]
        else:
            assert 200 == answer.status
        assert str(len(sent)) == answer.headers["content-length"]
        assert (sent if method == "GET" else b"") == answer.body

    holds()
