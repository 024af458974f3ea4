"""How a job's run ended, for people."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from matinee.cli.text import safe_line, seconds
from matinee.cli.verdict import advice, failure_lines, headline, tally

#: So many failed tests are told one by one; the report has all.
_MOST_TOLD = 50
_SLOWEST = 3


def started_lines(run: dict[str, Any], report: str) -> Text:
    """Tell of a run that was started: what it is called, and where its report will be."""
    return Text("\n").join(
        [
            Text(f"{safe_line(run['title'])}  {run['status']}", style="bold"),
            _field("run", run["id"]),
            _field("report", report),
        ]
    )


def ended_lines(run: dict[str, Any], report: str | None) -> Text:
    """Tell what failed, and below it, where people look first, the verdict."""
    return Text("\n").join([*_failures(run), *_summary(run, report)])


def _failures(run: dict[str, Any]) -> Iterator[Text]:
    failed = [test for test in run["tests"] if test["status"] in {"failed", "timed_out", "error"}]
    for test in failed[:_MOST_TOLD]:
        yield headline(safe_line(test["title"]), test)
        yield from failure_lines(test, test["cases"])
    if len(failed) > _MOST_TOLD:
        yield Text(f"… and {len(failed) - _MOST_TOLD} more", style="dim")


def _summary(run: dict[str, Any], report: str | None) -> Iterator[Text]:
    tests = run["tests"]
    yield headline(safe_line(run["title"]), run).append(tally(tests), style="not bold default")
    unsaid = Counter(test["reason"] for test in tests if test["status"] == "skipped" and test.get("reason"))
    for reason, number in unsaid.items():
        yield Text(f"  {number} skipped: {advice(reason)}")
    slow = sorted((test for test in tests if test.get("durationMs")), key=lambda test: -test["durationMs"])
    if len(slow) > 1:
        named = (f"{safe_line(test['title'])} {seconds(test['durationMs'])}" for test in slow[:_SLOWEST])
        yield _field("slowest", ", ".join(named))
    yield _field("run", run["id"])
    if report:
        yield _field("report", report)


def _field(name: str, value: str) -> Text:
    return Text(f"  {name:<8}", style="dim").append(value, style="not dim")
