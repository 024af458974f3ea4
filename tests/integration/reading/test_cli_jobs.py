"""`matinee jobs run` and `matinee runs rerun` against the real API; the tests play the workers."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils import uuid7

from functions.report_proxy.app import create_app as report_proxy
from matinee import bootstrap
from matinee.cli import main
from matinee.model.run import Reason, RunStatus, TestStatus
from matinee.stores.rows import Run
from tests.integration.opened import opened_row
from tests.integration.reading.played_job import JUNIT, PlayedJob, outcome

SCRIPT = "import { test } from '@playwright/test';\ntest('adds up', async () => {});\n"
PASSED = {"a": outcome(), "b": outcome(), "c": outcome()}
MIXED = {**PASSED, "b": outcome(TestStatus.FAILED, message="Expected 4\n  Received 5\x1b[0m")}


@pytest.fixture(autouse=True)
def folder(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; the server is up."""
    assert server
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def job(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The name of a job of the tests a, b and c."""
    for name in "abc":
        (folder / f"{name}.spec.ts").write_text(SCRIPT)
    name = f"nightly {uuid7()}"
    assert 0 == main(["tests", "push", ".", "--job", name])
    capsys.readouterr()
    return name


def newest() -> Run:
    runs, workspace_id = bootstrap.runs(), bootstrap.keys().ensure_workspace()
    return runs.get(workspace_id, runs.list(workspace_id, limit=1)[0][0].id)


def test_a_pass_is_told_test_by_test_and_exits_zero(job: str, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    with PlayedJob(PASSED):
        code = main(["jobs", "run", job, "--wait"])

    first, *ended, verdict, slowest, run, report = capsys.readouterr().out.splitlines()
    assert 0 == code
    assert f"{job}  run {newest().id}" == first
    assert ["✓ a (1.2 s)", "✓ b (1.2 s)", "✓ c (1.2 s)"] == sorted(ended)
    assert re.fullmatch(rf"✓ {job}  passed in [\d.]+ m?s  3 passed", verdict)
    assert "  slowest a 1.2 s, b 1.2 s, c 1.2 s" == slowest
    assert f"  run     {newest().id}" == run
    assert report.split()[-1].startswith(f"{server}/api/test-results/jobs/{newest().id}/report/?ticket=tk_")


def test_a_failure_is_told_with_its_message_and_exits_one(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    with PlayedJob(MIXED):
        code = main(["jobs", "run", job, "--wait"])

    out = capsys.readouterr().out
    assert 1 == code
    assert "\n✗ b  failed (1.2 s)\n" in out
    assert "\n✗ b  failed in 1.2 s\n  ✗ adds up\n    Expected 4\n      Received 5" in out
    assert "  1 failed, 2 passed\n" in out
    assert "\x1b" not in out


def test_an_error_is_told_with_its_advice_and_exits_two(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = outcome(TestStatus.ERROR, reason=Reason.NO_TESTS, message="0 tests", report=False)
    with PlayedJob({**MIXED, "c": error}):
        code = main(["jobs", "run", job, "--wait"])

    assert 2 == code
    assert "✗ c  error in 1.2 s\n    0 tests\n  No test ran. Declare" in capsys.readouterr().out


def test_without_waiting_the_run_and_its_report_to_be_are_named(
    job: str, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["jobs", "run", job])

    run = newest()
    title, run_id, report = capsys.readouterr().out.splitlines()
    assert [f"{job}  queued", f"  run     {run.id}"] == [title, run_id]
    assert report.startswith(f"  report  {server}/api/test-results/jobs/{run.id}/report/?ticket=tk_")
    assert RunStatus.QUEUED is run.status


def test_the_variables_reach_every_test(job: str) -> None:
    assert 0 == main(["jobs", "run", job, "--var", "A=b=c"])

    with bootstrap.database().transaction() as connection:
        query = "SELECT workspace_id, variables FROM run_tests WHERE run_id = %s"
        rows = connection.execute(query, [newest().id]).fetchall()
    assert [{"A": "b=c"}] * 3 == [opened_row(row) for row in rows]


def test_junit_goes_to_a_file_whatever_the_verdict(job: str, folder: Path) -> None:
    """The option waits by itself; the folder is made."""
    with PlayedJob(MIXED):
        assert 1 == main(["jobs", "run", job, "--junit", "out/results.xml"])

    assert JUNIT == (folder / "out" / "results.xml").read_bytes()


def test_without_a_report_there_is_no_junit_and_none_of_an_earlier_run(
    job: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "results.xml").write_text("old")
    with PlayedJob(PASSED, report=False):
        assert 2 == main(["jobs", "run", job, "--junit", "results.xml"])

    assert "matinee: The run has no report, and so no JUnit XML either.\n" == capsys.readouterr().err
    assert not (folder / "results.xml").exists()


def test_a_file_that_cannot_be_written_is_told_before_the_run(
    job: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = newest().id
    (folder / "file").touch()

    assert 2 == main(["jobs", "run", job, "--junit", "file/results.xml"])
    assert "file/results.xml cannot be written" in capsys.readouterr().err
    assert before == newest().id


def test_json_is_one_document_and_nothing_else(job: str, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    with PlayedJob(MIXED):
        code = main(["jobs", "run", job, "--wait", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert (1, 1, "failed") == (code, document["exitCode"], document["run"]["status"])
    assert ["passed", "failed", "passed"] == [test["status"] for test in document["run"]["tests"]]
    assert document["report"].startswith(server)

    assert 0 == main(["jobs", "run", job, "--json"])
    accepted = json.loads(capsys.readouterr().out)
    assert (newest().id, "queued") == (accepted["runId"], accepted["status"])


def test_an_unknown_job_is_answered_with_those_that_there_are(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["jobs", "run", "weekly", "--wait"])

    err = capsys.readouterr().err
    assert err.startswith("matinee: There is no job weekly. There are: ")
    assert job in err


def test_what_failed_is_run_again(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    with PlayedJob(MIXED):
        main(["jobs", "run", job, "--wait"])
    failed = newest()
    with PlayedJob(PASSED):
        assert 0 == main(["runs", "rerun", failed.id, "--wait"])

    again = newest()
    assert (failed.id, ["b"]) == (again.rerun_of, [test.title for test in again.tests])
    assert "1 passed" in capsys.readouterr().out

    assert 0 == main(["runs", "rerun", failed.id, "--all"])
    assert ["a", "b", "c"] == [test.title for test in newest().tests]


def test_a_run_without_failures_has_nothing_to_run_again(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    with PlayedJob(PASSED):
        main(["jobs", "run", job, "--wait"])

    assert 2 == main(["runs", "rerun", newest().id])
    assert "matinee: None of the run's tests failed.\n" == capsys.readouterr().err


def test_open_prints_a_link_that_opens_the_report(
    job: str, serve: Callable[[Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    with PlayedJob(PASSED):
        main(["jobs", "run", job, "--wait"])
    capsys.readouterr()

    assert 0 == main(["open", newest().id])
    url = capsys.readouterr().out.strip()
    assert f"/api/test-results/jobs/{newest().id}/report/?ticket=tk_" in url
    there = httpx.get(url, headers={"Accept": "text/html"}).headers["location"]
    assert there.startswith("https://reports.example/reports/tk_")
    assert 200 == httpx.get(serve(report_proxy()) + there.removeprefix("https://reports.example")).status_code


def test_ctrl_c_cancels_the_run_and_keeps_what_was_finished(job: str) -> None:
    command = [sys.executable, "-m", "matinee.cli", "jobs", "run", job, "--wait"]
    with (
        PlayedJob({"a": outcome()}),
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout
        process.stdout.readline()
        assert "✓ a (1.2 s)\n" == process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        for _ in range(100):
            if newest().status.is_terminal:
                break
            signal.sigtimedwait([], 0.1)

    assert (130, "Cancelling; a second Ctrl-C leaves at once.\n") == (process.returncode, err)
    run = newest()
    assert ("cancelled", ["passed", "cancelled", "cancelled"]) == (run.status, [test.status for test in run.tests])


def test_on_a_terminal_a_bar_shows_how_far_it_is_and_failures_stay(job: str) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "matinee.cli", "jobs", "run", job, "--wait"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with (
        PlayedJob(MIXED),
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

    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode(errors="replace"))
    assert 1 == code
    assert " of 3" in text
    assert re.search(r"✗ b  failed \(1.2 s\)\s+Expected 4 Received 5", text)
    assert "✓ a" not in text, "what passes is counted, not told"
    assert re.search(r"failed in [\d.]+ m?s  1 failed, 2 passed", text)
