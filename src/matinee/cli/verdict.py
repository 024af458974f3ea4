"""How a run ended, for people, for programs and for the shell."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from matinee.cli.progress import Progress, mark
from matinee.cli.text import safe, safe_line, seconds
from matinee.model.run import ADVICE

#: A script's errors may be long; the report has all of it.
_MOST_LINES = 20
#: Of a line of source so much is shown around the fault: a bundled script may be one line.
_MOST_COLUMNS = 100
_ADVICE = {reason.value: advice for reason, advice in ADVICE.items()}
_STYLES = {
    "passed": "green",
    "flaky": "yellow",
    "failed": "red",
    "timed_out": "red",
    "error": "red",
    "cancelled": "yellow",
}


def style(status: str) -> str:
    """Give the colour of a status."""
    return _STYLES.get(status, "dim")


def advice(reason: str) -> str:
    """Tell what a person can do about it; nothing for a reason that a newer server may know."""
    return _ADVICE.get(reason, "")


def exit_code(statuses: Iterable[str]) -> int:
    """Give 0 if all runs passed, 2 if any could not run, else 1."""
    statuses = set(statuses)
    if statuses <= {"passed"}:
        return 0
    return 1 if statuses <= {"passed", "failed", "timed_out"} else 2


def document(runs: Sequence[Progress]) -> dict[str, Any]:
    """Give all that is known, for JSON."""
    return {
        "exitCode": exit_code(progress.outcome for progress in runs),
        "runs": [
            {
                "file": str(progress.file),
                "status": progress.outcome,
                "run": progress.run,
                "report": progress.report,
                "problem": progress.problem,
            }
            for progress in runs
        ],
    }


def told(progress: Progress) -> Text:
    """Tell how one file's run ended."""
    lines = _run_lines(progress, progress.run) if progress.run else _problem_lines(progress, progress.problem or {})
    return Text("\n").join(lines)


def _run_lines(progress: Progress, run: dict[str, Any]) -> Iterator[Text]:
    cases = [case for test in run["tests"] for case in test["cases"]]
    yield headline(str(progress.file), run).append(tally(cases), style="not bold default")
    yield from failure_lines(run, cases)
    if progress.report:
        yield Text("  report  ", style="dim").append(progress.report, style="not dim")


def headline(name: str, ended: dict[str, Any]) -> Text:
    """Tell in a line how a run, or a test of one, ended."""
    status = ended["status"]
    took = f" in {seconds(ended['durationMs'])}" if ended.get("durationMs") is not None else ""
    return Text(f"{mark(status)} {name}  {status.replace('_', ' ')}{took}", style=f"bold {style(status)}")


def failure_lines(ended: dict[str, Any], cases: Sequence[dict[str, Any]]) -> Iterator[Text]:
    """Tell what went wrong: in each case, and beyond them."""
    for case in cases:
        if case["status"] not in {"passed", "skipped"}:
            yield Text(f"  {mark(case['status'])} {safe_line(case['title'])}", style=style(case["status"]))
            yield from _indented(case.get("message"))
    said = {case.get("message") for case in cases}
    if ended.get("reason") and ended.get("message") not in said:
        yield from _indented(ended.get("message"))
    advised = advice(ended.get("reason", ""))
    if advised and advised not in ended.get("message", ""):
        yield Text(f"  {advised}")


def tally(cases: Sequence[dict[str, Any]]) -> str:
    """Count how cases, or tests, stand."""
    counted = sorted(Counter(case["status"] for case in cases).items())
    return "".join(f"{',' if at else ' '} {n} {status.replace('_', ' ')}" for at, (status, n) in enumerate(counted))


def _problem_lines(progress: Progress, problem: dict[str, Any]) -> Iterator[Text]:
    yield Text(f"{mark('error')} {progress.file}  could not run", style="bold red")
    yield from fault_lines(str(progress.file), progress.source, problem)


def fault_lines(file: str, source: str, problem: dict[str, Any]) -> Iterator[Text]:
    """Tell why a file was not taken, and where in it the fault is, if that is known."""
    line, column = problem.get("line"), problem.get("column")
    if not line:
        yield from _indented(str(problem.get("detail", "")))
        return
    fault = safe_line(str(problem["detail"])).removeprefix(f"Line {line}, column {column}: ")
    yield Text(f"  {file}:{line}{f':{column}' if column else ''}  {fault}")
    yield from _marked_source(source, int(line), int(column or 0))


def _marked_source(source: str, line: int, column: int) -> Iterator[Text]:
    """Show a line of the script with a caret below the fault; lines and columns count from 1."""
    lines = source.splitlines()
    if not 1 <= line <= len(lines):
        return
    begin = max(0, column - _MOST_COLUMNS // 2)
    shown = safe(lines[line - 1].replace("\t", " "))[begin : begin + _MOST_COLUMNS]
    gutter = f"  {line} │ "
    yield Text(gutter, style="dim").append(shown, style="not dim")
    if column:
        yield Text(" " * (len(gutter) + cell_len(shown[: column - 1 - begin]))).append("^", style="bold red")


def _indented(message: str | None) -> Iterator[Text]:
    if not message:
        return
    lines = safe(message).strip("\n").split("\n")
    yield from (Text(f"    {line}") for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield Text(f"    … {len(lines) - _MOST_LINES} more lines", style="dim")
