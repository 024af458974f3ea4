"""`matinee jobs schedule`: give a job a schedule, pause it, take it away, or look at it."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from matinee.cli.api import Api, RefusedError
from matinee.cli.saved import JOB_FIELDS, JOBS, bring
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import safe_line

_MOST_TICKS = 10
_STYLES = {"missed": "bold red", "skipped": "yellow"}


async def schedule_job(server: Server, name: str, *, wanted: Mapping[str, Any], off: bool) -> int:
    """Bring a job's schedule to what is `wanted` of it, or take it away; then show it. Give the exit code."""
    async with Api(server) as api:
        if wanted or off:
            await _change(api, name, wanted, off=off)
        found = await job_of(api, name)
        if not found.get("schedule"):
            Console(highlight=False).print(Text(f"{safe_line(name)} has no schedule."))
            return 0
        details = await api.ask("GET", f"{JOBS}/{found['id']}/schedule")
    _console().print(_shown(details))
    return 0


async def _change(api: Api, name: str, wanted: Mapping[str, Any], *, off: bool) -> None:
    await job_of(api, name)

    def changed(known: dict[str, Any]) -> dict[str, Any]:
        kept = {field: known[field] for field in JOB_FIELDS if field in known}
        schedule = None if off else {**(known.get("schedule") or {}), **wanted}
        if schedule is not None and "cron" not in schedule:
            raise CannotRunError(f"{safe_line(name)} has no schedule yet. Give it one with --cron.")
        return {**kept, "name": name, "tests": known["tests"], "schedule": schedule}

    try:
        await bring(api, JOBS, key={"name": name}, wanted=changed)
    except RefusedError as error:
        raise CannotRunError("\n".join([error.detail, *_hints(error.extra.get("errors", []))])) from error


async def job_of(api: Api, name: str) -> dict[str, Any]:
    """Give the job of that name.

    Raises:
        CannotRunError: if there is none.
    """
    found = (await api.ask("GET", JOBS, params={"name": name}))["items"]
    if not found:
        raise CannotRunError(f"There is no job {safe_line(name)}. `matinee jobs list` shows which there are.")
    return dict(found[0])


def _hints(errors: list[dict[str, Any]]) -> list[str]:
    return [f"Perhaps you meant {safe_line(each['suggestion'])}." for each in errors if each.get("suggestion")]


def _shown(schedule: dict[str, Any]) -> Group:
    """Show what a schedule says, when it fires next, and what became of its last ticks."""
    state = "" if schedule["enabled"] else ", paused"
    failing = "  It is failing: its last ticks started nothing." if schedule["failing"] else ""
    head = Text(f"{schedule['words']}  ").append(
        f"{schedule['cron']}, {schedule['timezone']}, overlap {schedule['overlap']}, missed {schedule['missed']}{state}",
        style="dim",
    )
    head.append(failing, style="bold red")
    return Group(head, Text(), _next(schedule), Text(), _ticks(schedule))


def _next(schedule: dict[str, Any]) -> Table | Text:
    if not schedule["next"]:
        return Text("It does not fire any more." if schedule["enabled"] else "It does not fire while it is paused.")
    table = _table("NEXT", "UTC")
    for time in schedule["next"][:5]:
        table.add_row(_minute(time["local"]), _minute(time["at"]))
    return table


def _ticks(schedule: dict[str, Any]) -> Table | Text:
    if not schedule["ticks"]:
        return Text("No tick was due yet.", style="dim")
    table = _table("DUE (UTC)", "BECAME", "RUN")
    for tick in schedule["ticks"][:_MOST_TICKS]:
        run = tick.get("runId") or (f"behind {tick['otherRunId']}" if tick.get("otherRunId") else "")
        told = safe_line(tick.get("message") or "")
        became = Text(tick["outcome"], style=_STYLES.get(tick["outcome"], "green"))
        table.add_row(_minute(tick["at"]), became, Text(run or told))
    return table


def _table(*columns: str) -> Table:
    return Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # who reads this from a pipe wants whole lines
    return console


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")
