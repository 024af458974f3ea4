"""`matinee` against the real API; the tests play the worker."""

import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from matinee import bootstrap
from matinee.cli import main
from matinee.model.clock import now_ms
from matinee.model.run import Reason, RunStatus, TestStatus
from matinee.model.work import Case, Event, TestResult
from matinee.stores.rows import RunSummary, from_ms
from matinee.usecases.milestones import end_events, run_event
from tests.integration.opened import opened_row

PASSES = "import { test } from '@playwright/test';\ntest('adds up', async () => {});\n"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a script into the current folder; give its name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str = PASSES, *, name: str = "sum.spec.ts") -> str:
        (tmp_path / name).write_text(text)
        return name

    return write


class Worker:
    """Does what run_test and track_runs do, with outcomes that the test has chosen by title."""

    def __init__(self, outcomes: dict[str, TestResult]) -> None:
        self._outcomes = outcomes
        self._done: set[str] = set()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(8)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._pool.shutdown()

    def _work(self) -> None:
        workspace_id = bootstrap.keys().ensure_workspace()
        while not self._over.wait(0.05):
            found, _ = bootstrap.runs().list(workspace_id, statuses=[RunStatus.QUEUED])
            for run in found:
                if run.title in self._outcomes and run.id not in self._done:
                    self._done.add(run.id)
                    self._pool.submit(self._run, run.id, self._outcomes[run.title]).add_done_callback(
                        lambda done: done.result()
                    )

    def _run(self, run_id: str, result: TestResult) -> None:
        live, tracking = bootstrap.live(), bootstrap.tracking()
        run = tracking.mark_running(run_id, run_id, at=from_ms(now_ms())).run
        live.append(run_id, [run_event(run, at=now_ms())])
        for position, case in enumerate(result.cases):
            live.append(run_id, self._case_events(run, str(position), case))
        run = tracking.finish_test(run_id, run_id, result).run
        if result.report:
            run = tracking.mark_report(run_id, at=from_ms(now_ms()))
        live.append(run_id, [run_event(run, at=now_ms()), *end_events(run, at=now_ms())])

    @staticmethod
    def _case_events(run: RunSummary, case_id: str, case: Case) -> Iterator[Event]:
        of_case = {"testId": run.id, "caseId": case_id, "title": case.title}
        step = {"testId": run.id, "caseId": case_id, "stepId": "s", "title": "count", "category": "test.step"}
        yield Event(type="test", at=1, data={**of_case, "status": "running", "attempt": 1})
        yield Event(type="step", at=2, data={**step, "status": "running"})
        yield Event(type="console", at=3, data={"testId": run.id, "stream": "stdout", "text": "one\x1b[2J\ntwo\n"})
        yield Event(type="step", at=4, data={**step, "status": "passed", "durationMs": 3})
        ended = {"status": case.status.value, "durationMs": case.duration_ms, "attempt": 1, "message": case.message}
        yield Event(type="test", at=5, data=of_case | ended)


def outcome(status: TestStatus, **more: Any) -> TestResult:
    at = now_ms()
    case = Case(title="adds up", status=status, duration_ms=40, message=more.get("message"))
    cases = () if status is TestStatus.ERROR else (case,)
    known = {"started_at": at, "ended_at": at + 1_250, "duration_ms": 1_250, "cases": cases, "report": True}
    return TestResult(status=status, **{**known, **more})


PASSED = {"sum.spec.ts": outcome(TestStatus.PASSED)}


def test_a_pass_is_told_line_by_line_with_its_report_and_exits_zero(
    server: str, script: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    with Worker(PASSED):
        code = main(["run", script()])

    *lines, report = capsys.readouterr().out.splitlines()
    assert 0 == code
    assert [
        "queued",
        "running",
        "  │ one\N{REPLACEMENT CHARACTER}[2J",
        "  │ two",
        "  · count",
        "✓ adds up (40 ms)",
        "✓ sum.spec.ts  passed in 1.2 s  1 passed",
    ] == lines
    url = report.split()[-1]
    assert url.startswith(f"{server}/api/test-results/tests/")
    led = httpx.get(url)
    ticket = url.partition("?ticket=")[2]
    assert (303, f"https://reports.example/reports/{ticket}/") == (led.status_code, led.headers["location"])


def test_a_failure_is_told_with_its_message_and_exits_one(
    script: Callable[..., str], server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    with Worker({"sum.spec.ts": outcome(TestStatus.FAILED, message="Expected 4\n  Received 5\x1b[0m")}):
        code = main(["run", script()])

    out = capsys.readouterr().out
    assert 1 == code
    assert "✗ sum.spec.ts  failed in 1.2 s  1 failed\n  ✗ adds up\n    Expected 4\n      Received 5" in out
    assert "\x1b" not in out


def test_an_error_is_told_with_its_advice_and_exits_two(
    script: Callable[..., str], server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    error = outcome(TestStatus.ERROR, reason=Reason.NO_TESTS, message="0 tests", report=False)
    with Worker({"sum.spec.ts": error}):
        code = main(["run", script()])

    out = capsys.readouterr().out
    assert 2 == code
    assert "    0 tests\n  No test ran. Declare at least one" in out
    assert "report " not in out


def test_json_is_one_document_and_nothing_else(
    script: Callable[..., str], server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [script(name="sum.spec.ts"), script(name="other.spec.js"), "missing.spec.ts"]
    with Worker({**PASSED, "other.spec.js": outcome(TestStatus.TIMED_OUT)}):
        code = main(["run", "--json", *files])

    document = json.loads(capsys.readouterr().out)
    assert (2, 2) == (code, document["exitCode"])
    assert [*zip(files, ["passed", "timed_out", "error"], strict=True)] == [
        (run["file"], run["status"]) for run in document["runs"]
    ]
    assert document["runs"][0]["report"].startswith(server)
    assert "timed_out" == document["runs"][1]["run"]["tests"][0]["cases"][0]["status"]
    assert "It cannot be read: No such file or directory." == document["runs"][2]["problem"]["detail"]


def test_the_wishes_reach_the_run(script: Callable[..., str], server: str) -> None:
    assert server
    arguments = ["--timeout", "7", "--retries", "2", "--base-url", "https://example.com", "--var", "A=b=c"]
    with Worker(PASSED):
        assert 0 == main(["run", script(), *arguments])

    newest = bootstrap.runs().list(bootstrap.keys().ensure_workspace(), limit=1)[0][0]
    with bootstrap.database().transaction() as connection:
        query = "SELECT timeout_seconds, retries, base_url, workspace_id, variables FROM run_tests WHERE run_id = %s"
        row = connection.execute(query, [newest.id]).fetchone()
    assert row is not None
    assert (7, 2, "https://example.com") == (row["timeout_seconds"], row["retries"], row["base_url"])
    assert {"A": "b=c"} == opened_row(row)


def test_a_syntax_error_is_shown_where_it_is(
    script: Callable[..., str], server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    assert 2 == main(["run", script("const fine = 1;\n\tconst a = = 3;\n")])

    assert [
        "✗ sum.spec.ts  could not run",
        "  sum.spec.ts:2:12  Unexpected token",
        "  2 │  const a = = 3;",
        "                 ^",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"x", "Its ending is none of"),
        ("a.spec.ts", b"\xff\xfe", "It is no UTF-8 text (byte 0)."),
        ("a.spec.ts", b"x" * 1_000_001, "It has more than 1,000,000 bytes."),
        ("a.spec.ts", b" \n", "The script is empty."),
    ],
)
def test_a_file_that_is_no_script_could_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert 2 == main(["run", str(tmp_path / name)])
    assert says in capsys.readouterr().out


def test_a_wrong_key_is_named_and_never_shown(
    script: Callable[..., str], server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    monkeypatch.setenv("MATINEE_API_KEY", "mt_wrong")

    assert 2 == main(["run", script()])
    printed = capsys.readouterr()
    assert "does not know the key. Set MATINEE_API_KEY." in printed.out
    assert "mt_wrong" not in printed.out + printed.err


def test_a_named_server_that_does_not_answer_is_no_reason_to_start_one(
    script: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["run", script(), "--server", "http://127.0.0.1:9"])
    assert "http://127.0.0.1:9 does not answer." in capsys.readouterr().out


def test_the_local_stacks_key_is_read_from_its_file_and_sent_to_nobody_else(
    script: Callable[..., str], server: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matinee.cli.server import locate  # noqa: PLC0415 - beside what it explains

    (tmp_path / "api-key").write_text(f"{key}\n")
    monkeypatch.setenv("MATINEE_HOME", str(tmp_path))
    monkeypatch.delenv("MATINEE_API_KEY")

    with Worker(PASSED):
        assert 0 == main(["run", script()])
    assert [key, None] == [locate(server).key, locate("https://matinee.example").key]


def test_open_prints_a_link_that_opens_the_report(server: str, world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["open", world.run.id])

    url = capsys.readouterr().out.strip()
    assert url.startswith(f"{server}/api/test-results/tests/{world.run.id}/report/?ticket=tk_")


def test_runs_share_prints_a_link_for_whoever_has_it(
    server: str, world: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good for so many days; its name tells afterwards whom it was for."""
    assert 0 == main(["runs", "share", world.run.id, "--days", "30", "--name", "Designers"])

    url = capsys.readouterr().out.strip()
    assert url.startswith(f"{server}/api/shared/sh_")
    [made] = bootstrap.shares().list(world.workspace_id, world.run.id)
    assert ("Designers", 30) == (made.name, round((made.expires_at - made.created_at).total_seconds() / 86_400))


def test_sign_in_prints_a_link_that_signs_in_once(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["sign-in"])

    url = capsys.readouterr().out.strip()
    assert url.startswith(f"{server}/sign-in#ml_")
    body = {"link": url.partition("#")[2]}
    assert [200, 401] == [httpx.post(f"{server}/api/session", json=body).status_code for _ in range(2)]


def test_sign_in_needs_a_key(server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert server
    monkeypatch.setenv("MATINEE_API_KEY", "mt_wrong")

    assert 2 == main(["sign-in"])
    said = capsys.readouterr()
    assert ("", True) == (said.out, "does not know the key" in said.err)


@pytest.mark.parametrize(
    ("arguments", "environment", "opens"),
    [
        ([], {}, True),
        (["--no-browser"], {}, False),
        ([], {"MATINEE_OPEN": "0"}, False),
        ([], {"DISPLAY": "", "WAYLAND_DISPLAY": ""}, False),
    ],
)
def test_sign_in_opens_the_link_where_a_person_has_a_browser(
    server: str, tmp_path: Path, arguments: list[str], environment: dict[str, str], *, opens: bool
) -> None:
    program, visited = tmp_path / "browser", tmp_path / "visited"
    program.write_text(f'#!/bin/sh\necho "$1" > {visited}\n')
    program.chmod(0o700)
    ours, theirs = os.openpty()
    told = {**os.environ, "BROWSER": f"{program} %s", "DISPLAY": ":8400", **environment}
    command = [sys.executable, "-m", "matinee.cli", "sign-in", *arguments]

    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=told) as process:
        code = process.wait(timeout=30)
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)

    assert (0, f"{server}/sign-in#ml_") == (code, said[: len(f"{server}/sign-in#ml_")])
    assert (opens, opens) == (visited.exists(), "open in your browser" in said)
    assert not opens or visited.read_text().strip() == said.split()[0]


def test_a_run_that_does_not_exist_cannot_be_opened(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert server
    assert 2 == main(["open", "nonsense"])
    assert "matinee: There is no such run.\n" == capsys.readouterr().err


def test_ctrl_c_cancels_the_run_on_the_server(script: Callable[..., str], server: str) -> None:
    assert server
    command = [sys.executable, "-m", "matinee.cli", "run", script(name="endless.spec.ts")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout
        assert "queued\n" == process.stdout.readline()
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)

    newest = bootstrap.runs().list(bootstrap.keys().ensure_workspace(), limit=1)[0][0]
    assert (130, "endless.spec.ts") == (code, newest.title)
    assert newest.cancel_requested_at is not None or newest.status is RunStatus.CANCELLED


def test_on_a_terminal_what_runs_is_drawn_and_what_ended_stays(script: Callable[..., str], server: str) -> None:
    assert server
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "matinee.cli", "run", script()]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with (
        Worker(PASSED),
        subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment) as process,
    ):
        os.close(theirs)
        drawn = b""
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:  # what a terminal says when nobody holds its other end
            pass
        code = process.wait(timeout=20)
    os.close(ours)

    assert 0 == code
    assert "passed in 1.2 s" in drawn.decode(errors="replace")
    assert b"\x1b[2J" not in drawn, "a test's own control sequences must not reach the terminal"


def test_a_broken_connection_is_taken_up_where_it_broke(
    script: Callable[..., str], server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something on the way cuts the first streams after an event each; each line is told once all the same."""
    with Worker(PASSED), cutting_proxy(server) as (url, cuts):
        assert 0 == main(["run", script(), "--server", url])

    out = capsys.readouterr().out
    assert len(cuts) == _CUTS
    assert [1, 1, 1, 1] == [out.count(line) for line in ("queued", "running", "  · count", "✓ adds up")]


#: How many streams the proxy cuts before it lets one through.
_CUTS = 3


def length_of(request: bytes) -> int:
    found = re.search(rb"content-length: (\d+)", request, re.IGNORECASE)
    return int(found[1]) if found else 0


@contextmanager
def cutting_proxy(server: str) -> Iterator[tuple[str, list[bytes]]]:
    """Pass on each request; of the first streams of events only up to the first event. Give its URL and what it cut."""
    cuts: list[bytes] = []
    target = ("127.0.0.1", int(server.rpartition(":")[2]))

    class Passing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = self.request.recv(1_000_000)
            while b"\r\n\r\n" not in request or len(request.partition(b"\r\n\r\n")[2]) < length_of(request):
                request += self.request.recv(1_000_000)
            with suppress(OSError), socket.create_connection(target, timeout=5) as upstream:
                upstream.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                while answer := upstream.recv(65536):
                    event = answer.find(b"event: ") if b"/sse/" in request and len(cuts) < _CUTS else -1
                    if event >= 0:  # however many came at once: the rest of them is lost
                        cuts.append(answer[: answer.index(b"\n\n", event) + 2])
                        self.request.sendall(cuts[-1])
                        return
                    self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing) as proxy:
        serving = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}", cuts
        proxy.shutdown()
        serving.join()
