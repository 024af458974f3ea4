"""`matinee tests list` and `matinee jobs list`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from matinee.cli.api import Api
from matinee.cli.saved import JOBS, TESTS
from matinee.cli.server import Server
from matinee.cli.text import safe_line
from matinee.cli.verdict import style

Columns = dict[str, Callable[[dict[str, Any]], str | Text]]


async def list_tests(server: Server, *, search: str | None, tags: Sequence[str]) -> int:
    """Print the saved tests; give the exit code."""
    columns: Columns = {
        "TITLE": lambda test: test["title"],
        "PATH": lambda test: test.get("path", ""),
        "TAGS": lambda test: ", ".join(test.get("tags", [])),
        "VERSION": lambda test: str(test["version"]),
        "SAVED": lambda test: minute(test["updatedAt"]),
    }
    query = {"tag": list(tags), **({"search": search} if search else {})}
    return await _list(server, TESTS, columns, query)


async def list_jobs(server: Server, *, search: str | None) -> int:
    """Print the jobs; give the exit code."""
    columns: Columns = {
        "NAME": lambda job: job["name"],
        "TESTS": lambda job: str(job["testCount"]),
        "AT ONCE": lambda job: str(job["parallelism"]),
        "SCHEDULE": _schedule,
        "LAST RUN": _last_run,
    }
    return await _list(server, JOBS, columns, {"search": search} if search else {})


async def _list(server: Server, kind: str, columns: Columns, query: dict[str, Any]) -> int:
    async with Api(server) as api:
        show(columns, [item async for item in api.items(kind, **query)])
    return 0


def show(columns: Columns, items: Iterable[dict[str, Any]]) -> None:
    """Print a table; nothing if there is nothing in it."""
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for item in items:
        table.add_row(*(_cell(give(item)) for give in columns.values()))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # who reads this from a pipe wants whole names
    if table.rows:
        console.print(table)


def _cell(value: str | Text) -> Text:
    return value if isinstance(value, Text) else Text(safe_line(value))


def _schedule(job: dict[str, Any]) -> Text:
    schedule = job.get("schedule")
    if not schedule:
        return Text("")
    state = "failing" if schedule["failing"] else "" if schedule["enabled"] else "paused"
    return Text(f"{safe_line(schedule['cron'])} {schedule['timezone']}").append(
        f"  {state}" if state else "", "bold red"
    )


def _last_run(job: dict[str, Any]) -> Text:
    last = job.get("lastRun")
    if not last:
        return Text("")
    return Text(f"{last['status'].replace('_', ' ')}  {minute(last['createdAt'])}", style=style(last["status"]))


def minute(at: str) -> str:
    """Write a time of the API's without its seconds."""
    return at[:16].replace("T", " ")
