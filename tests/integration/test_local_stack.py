"""The embedded stack as a whole: what it promises to whoever starts it."""

import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from local.errors import StackError
from local.options import Options
from local.ports import listen
from local.stack import Stack, temporary
from tests.integration.procfs import alive, children, command, family, listeners, listening, still_alive

_UP = [sys.executable, "-m", "local.up"]
_SLOW = """
import { test } from '@playwright/test';
test('slow', async () => { await new Promise((done) => setTimeout(done, 3000)); });
"""


def _until(true: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def _up(home: Path, *, port: int = 0) -> subprocess.Popen[str]:
    environment = {**os.environ, "MATINEE_HOME": str(home), "MATINEE_PORT": str(port)}
    return subprocess.Popen(_UP, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)


def _url(up: subprocess.Popen[str]) -> str:
    """The URL that a stack tells when it is up."""
    assert up.stderr is not None
    for line in up.stderr:
        if found := re.search(r"is up at (http://127\.0\.0\.1:\d+)", line):
            return found[1]
    raise AssertionError("it ended without being up")


def _said(up: subprocess.Popen[str]) -> str:
    """What a stack said until its end, which must come soon."""
    return up.communicate(timeout=60)[1]


#: 127.0.0.1 and ::1, as the kernel writes them.
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.fixture
def started() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start stacks as `matinee up` does; they end with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(home: Path) -> subprocess.Popen[str]:
        running.append(_up(home))
        return running[-1]

    yield start
    for up in running:
        if up.poll() is None:
            up.terminate()
        up.communicate(timeout=30)


def _client(url: str, home: Path) -> httpx.Client:
    key = (home / "api-key").read_text().strip()
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def test_the_state_folder_is_for_our_eyes_only(stack: Stack) -> None:
    """0700, and 0600 for the key, which opens the API."""
    home = stack.home.path

    assert 0o700 == stat.S_IMODE(home.stat().st_mode)
    assert 0o600 == stat.S_IMODE((home / "api-key").stat().st_mode)
    with _client(stack.url, home) as client:
        assert 200 == client.get("/api/runs").status_code


def test_everything_listens_on_loopback(stack: Stack) -> None:
    """No process of the stack can be reached from the network."""
    addresses = {address for pid in (os.getpid(), *family(os.getpid())) for address, _ in listening(pid)}

    assert stack.url.startswith("http://127.0.0.1:")
    assert {"0100007F"} <= addresses <= LOOPBACK


def test_no_script_can_serve_what_a_browser_takes_for_ours(stack: Stack) -> None:
    """To a browser `localhost` is 127.0.0.1 and ::1, so both are ours, of the app and of the reports."""
    for port in (stack.port, stack.report_port):
        for kind, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with pytest.raises(OSError, match=r"in use|not supported|Cannot assign"):
                socket.create_server((address, port), family=kind)
    assert listeners(stack.port) == listeners(stack.report_port)
    assert {"0100007F"} <= listeners(stack.report_port) <= LOOPBACK


def test_the_root_is_a_page(stack: Stack) -> None:
    """The web interface's, or until that is built one that says what to do."""
    with urllib.request.urlopen(stack.url, timeout=10) as page:
        assert ("text/html; charset=utf-8", True) == (page.headers["content-type"], "Matinee" in page.read().decode())


def test_what_the_api_does_not_have_is_a_problem_and_no_page(stack: Stack) -> None:
    for path in ("/api", "/api/", "/api/nothing", "/api/session/x"):
        answer = httpx.get(f"{stack.url}{path}", headers={"Accept": "text/html"})

        assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_the_stacks_link_signs_a_browser_in_once(stack: Stack) -> None:
    link = stack.sign_in_link()
    token = link.removeprefix(f"{stack.url}/sign-in#")

    with httpx.Client(base_url=stack.url, timeout=30) as browser:
        assert [200, 401] == [
            browser.post("/api/session", json={"link": token}).status_code,
            httpx.post(f"{stack.url}/api/session", json={"link": token}).status_code,
        ]
        session = browser.get("/api/session").json()
        assert "first key of the local stack" == session["key"]["name"]
        made = browser.post("/api/tests", json={}, headers={"Sec-Fetch-Site": "same-origin"})
        assert [422, 403] == [made.status_code, browser.post("/api/tests", json={}).status_code]


@pytest.fixture
def visited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that gets what is opened in the person's browser, which is here, in lines."""
    program, visited = tmp_path / "browser", tmp_path / "visited"
    program.write_text(f'#!/bin/sh\necho "$1" >> {visited}\n')
    program.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    monkeypatch.setenv("DISPLAY", ":8400")
    monkeypatch.delenv("MATINEE_OPEN", raising=False)
    return visited


def test_who_starts_it_at_a_terminal_gets_a_link_and_another_one_opened(tmp_path: Path, visited: Path) -> None:
    """Both sign in. (Elsewhere nothing is opened: that is the next test.)"""
    ours, theirs = os.openpty()
    environment = {**os.environ, "MATINEE_HOME": str(tmp_path / "home"), "MATINEE_PORT": "0"}
    with subprocess.Popen(_UP, env=environment, stdout=theirs, stderr=theirs, start_new_session=True) as up:
        os.close(theirs)
        said = ""
        with contextlib.suppress(OSError):  # what a terminal says when nobody holds its other end
            while "Sign in:" not in said or not said.endswith("\n"):
                said += os.read(ours, 65536).decode()
        _until(visited.exists, seconds=10)
        printed = re.findall(r"Sign in: (http://127\.0\.0\.1:\d+)/sign-in#(\S+)", said)
        opened = re.findall(r"(http://127\.0\.0\.1:\d+)/sign-in#(\S+)", visited.read_text())
        answers = [httpx.post(f"{url}/api/session", json={"link": token}) for url, token in (*printed, *opened)]
        up.terminate()
    os.close(ours)

    assert (1, 1, 2) == (len(printed), len(opened), len({*printed, *opened}))
    assert [200, 200] == [answer.status_code for answer in answers]


def test_without_a_terminal_the_link_is_only_told(
    tmp_path: Path, visited: Path, started: Callable[[Path], subprocess.Popen[str]]
) -> None:
    up = started(tmp_path / "home")
    url = _url(up)
    assert up.stderr is not None
    line = up.stderr.readline()

    assert line.startswith(f"Sign in: {url}/sign-in#ml_")
    up.terminate()
    up.communicate(timeout=30)
    assert not visited.exists()


def test_the_trace_viewer_is_there_before_the_first_report(stack: Stack) -> None:
    """Uploaded once, at the start."""
    bucket = stack.home.path / "aws" / "s3"

    assert list(bucket.glob("*/*/viewer/*/index.html"))


def test_every_part_that_dies_is_started_again(stack: Stack) -> None:
    """HTTP, emulator and Postgres, each by `kill -9`; afterwards all is well and the key still opens."""
    assert stack.postgres is not None
    postgres = stack.postgres
    programs: dict[str, Callable[[], int]] = {
        "hypercorn": lambda: stack.aws.emulator._program.pid,
        "local.http": lambda: stack._http.pid,
        "/postgres": lambda: int((postgres.data / "postmaster.pid").read_text().split()[0]),
    }
    for program, pid_of in programs.items():
        victim = pid_of()
        assert any(part.endswith(program) for part in command(victim)[:4])
        os.kill(victim, signal.SIGKILL)

        assert not still_alive([victim], after=5)
        _until(partial(_is_back, pid_of, victim), seconds=30)
        with _client(stack.url, stack.home.path) as client:
            _until(partial(_healthy, client), seconds=60)


def _is_back(pid_of: Callable[[], int], victim: int) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return pid_of() != victim and alive(pid_of())
    return False


def _healthy(client: httpx.Client) -> bool:
    try:
        return client.get("/api/health").status_code == 200 and client.get("/api/runs").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_ends(
    tmp_path: Path, started: Callable[[Path], subprocess.Popen[str]], number: signal.Signals
) -> None:
    """By Ctrl-C or by `kill -9`, with a test at work: no process, no port.

    The next start finds the run and brings it to its end, and the key is still good.
    """
    home = tmp_path / "home"
    up = started(home)
    url = _url(up)
    with _client(url, home) as client:
        headers = dict(client.headers)
        run_id = client.post("/api/test", json={"script": _SLOW}).json()["testId"]
        _until(lambda: client.get(f"/api/runs/{run_id}").json()["status"] == "running", seconds=30)
    members = family(up.pid)
    assert len(members) > 10

    up.send_signal(number)
    up.communicate(timeout=30)

    assert not still_alive(members, after=10)
    port = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass
    with temporary(home) as stack, httpx.Client(base_url=stack.url, headers=headers, timeout=30) as client:
        _until(lambda: client.get(f"/api/runs/{run_id}").json()["status"] == "passed", seconds=60)


def test_a_taken_folder_gets_a_sentence_with_the_url(stack: Stack) -> None:
    """Somebody who starts a second stack learns where the first is."""
    said = _said(_up(stack.home.path))

    assert f"already at {stack.url}" in said
    assert "set MATINEE_HOME to another folder" in said


def test_a_taken_port_gets_a_sentence(tmp_path: Path) -> None:
    """It names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = _said(_up(tmp_path / "home", port=port))

    assert f"Port {port} cannot be had" in said
    assert "set MATINEE_PORT to another" in said


def test_a_port_that_somebody_has_at_the_other_address_is_taken() -> None:
    """Where the machine has another. Nothing is left open."""
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with other:
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} cannot be had"):
            listen(port, "MATINEE_REPORT_PORT")

    assert set() == listeners(port)


def test_a_taken_port_of_reports_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a setting of its own; by default it is the one after the other's."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("MATINEE_REPORT_PORT", str(port))
        said = _said(_up(tmp_path / "home"))

    assert f"Port {port} cannot be had" in said
    assert "set MATINEE_REPORT_PORT to another" in said


def test_the_port_of_reports_is_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATINEE_REPORT_PORT", raising=False)

    assert [(8400, 8401), (0, 0), (9000, 9001)] == [
        (options.port, options.report_port)
        for options in (Options.from_environment(port=port) for port in (None, 0, 9000))
    ]


def test_each_port_has_its_own_things_only(stack: Stack) -> None:
    """Reports are at one, everything else is at the other: neither the API nor a page of ours can be read from where a report is."""
    at_reports = [
        httpx.get(f"http://127.0.0.1:{stack.report_port}{path}", headers={"Accept": "text/html"})
        for path in ("/", "/api/health", "/api/runs", "/sign-in", "/reports/tk_wrong/")
    ]
    at_app = httpx.get(f"{stack.url}/reports/tk_wrong/")

    assert [404, 404, 404, 404, 401] == [answer.status_code for answer in at_reports]
    assert [False] * 5 == ["set-cookie" in answer.headers for answer in at_reports]
    assert (404, "There is no such file.") == (at_app.status_code, at_app.json()["detail"])


def test_a_home_that_is_a_file_gets_a_sentence(tmp_path: Path) -> None:
    """Nothing is started, nothing is destroyed."""
    home = tmp_path / "home"
    home.write_text("mine")
    up = _up(home)

    assert f"The state folder {home} cannot be used" in _said(up)
    assert (2, "mine") == (up.returncode, home.read_text())


def test_a_broken_database_gets_a_sentence_and_leaves_nothing_running(tmp_path: Path) -> None:
    """Also when other parts had started already."""
    data = tmp_path / "home" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    before = children(os.getpid())

    with pytest.raises(StackError, match="was made by Postgres 12"):
        Stack(Options(home=tmp_path / "home", port=0)).start()
    assert before == children(os.getpid())


@pytest.mark.parametrize("name", ["MATINEE_PORT", "MATINEE_REPORT_PORT", "MATINEE_WORKERS"])
def test_a_setting_that_makes_no_sense_gets_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the setting and what it may be."""
    monkeypatch.setenv(name, "many")

    with pytest.raises(StackError, match=f"{name} is 'many'; it must be a number from"):
        Options.from_environment()
