"""How a job's run is drawn and told."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from matinee.cli.job_progress import JobProgress, JobTest
from matinee.cli.job_verdict import ended_lines
from matinee.cli.job_view import JobView

COUNTS = {"total": 20, "passed": 5, "failed": 1, "flaky": 1, "skipped": 0, "error": 0}


def running(number: int) -> JobProgress:
    progress = JobProgress("nightly", "running", COUNTS)
    for each in range(number):
        progress.hear("test", {"testId": str(each), "title": f"shop/{each} {'long ' * 30}", "status": "running"})
    return progress


def drawn(progress: JobProgress, *, width: int, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)
    with console.capture() as capture:
        console.print(JobView(console, progress)._draw())
    return capture.get().rstrip("\n").split("\n")


def test_progress_is_what_has_ended_of_all() -> None:
    head, *_ = drawn(running(0), width=80)

    assert "nightly" in head
    assert "  7 of 20  1 failed, 1 flaky  " in head


@pytest.mark.parametrize("width", [40, 80, 120])
def test_each_running_test_has_a_line_with_its_time_at_any_width(width: int) -> None:
    lines = drawn(running(3), width=width)

    assert 4 == len(lines)
    assert all(len(line) <= width for line in lines)
    assert all(line.startswith("  · shop/") and line.endswith(" ms") for line in lines[1:])


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_long_name_leaves_room_for_what_changes(width: int, status: str) -> None:
    progress = JobProgress("a long name " * 16, status, COUNTS)
    (head,) = drawn(progress, width=width)

    said = "7 of 20  1 failed, 1 flaky  " if status == "running" else "making the report  "
    assert len(head) <= width
    assert re.search(rf"^. a lo.*…  ━+─+  {said}\d+ ms$", head)


@pytest.mark.parametrize("height", [8, 24])
def test_a_hundred_running_tests_leave_room_on_the_screen(height: int) -> None:
    lines = drawn(running(100), width=80, height=height)

    assert len(lines) <= height - 2
    assert lines[-1].endswith("more")


def test_a_name_cannot_break_the_drawing() -> None:
    progress = JobProgress("night\nly\x1b[2J [red]", "running", COUNTS)
    progress.hear("test", {"testId": "1", "title": "a\x1b[2J\nb [red]x[/red]", "status": "running"})

    text = "\n".join(drawn(progress, width=120))
    assert "\x1b" not in text
    assert "night ly�[2J [red]" in text
    assert "a�[2J b [red]x[/red]" in text


def test_what_is_said_of_a_tests_cases_does_not_end_the_test() -> None:
    progress = running(1)
    case = {"testId": "0", "caseId": "c", "title": "adds", "status": "failed", "attempt": 1}

    assert progress.hear("test", case) is None
    assert ["0"] == list(progress.running)

    ended = {"testId": "0", "title": "shop/0", "status": "timed_out", "durationMs": 2_400, "message": "too\nslow"}
    test = progress.hear("test", ended)
    assert isinstance(test, JobTest)
    assert ("✗ shop/0  timed out (2.4 s)", "too slow") == (test.line, test.message)
    assert {} == progress.running


def run_of(*tests: dict[str, Any], status: str = "failed") -> dict[str, Any]:
    known = {"title": "shop/a", "status": "passed", "durationMs": 900, "cases": []}
    return {"id": "r", "title": "nightly", "status": status, "durationMs": 9_500, "tests": [known | t for t in tests]}


def test_the_verdict_stands_below_what_failed() -> None:
    case = {"title": "adds", "status": "failed", "message": "Expected 4\nReceived 5"}
    lost = {"title": "b", "status": "error", "reason": "worker_lost", "message": "It disappeared."}
    run = run_of({"title": "a", "status": "failed", "durationMs": 2_000, "cases": [case]}, lost, {"title": "c"}, {})

    assert [
        "✗ a  failed in 2.0 s",
        "  ✗ adds",
        "    Expected 4",
        "    Received 5",
        "✗ b  error in 900 ms",
        "    It disappeared.",
        "  The worker that ran this test disappeared, and so did its successors. Run it again.",
        "✗ nightly  failed in 9.5 s  1 error, 1 failed, 2 passed",
        "  slowest a 2.0 s, b 900 ms, c 900 ms",
        "  run     r",
        "  report  http://127.0.0.1/r",
    ] == ended_lines(run, "http://127.0.0.1/r").plain.split("\n")


def test_tests_that_were_stopped_early_are_told_together() -> None:
    stopped = {"status": "skipped", "reason": "stopped_early", "message": "m", "durationMs": None}
    lines = ended_lines(run_of(*[stopped] * 900, {"status": "failed"}), None).plain.split("\n")

    assert 5 > len(lines)
    assert any(line.startswith("  900 skipped: The job stops after so many failures") for line in lines)


def test_a_thousand_failures_do_not_bury_the_verdict() -> None:
    lines = ended_lines(run_of(*[{"status": "failed"}] * 1_000), None).plain.split("\n")

    assert "… and 950 more" in lines
    assert len(lines) < 60
