"""`matinee tests push`: the test files of a folder become saved tests, and a job of them if one is named."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from matinee.cli.api import Api, RefusedError
from matinee.cli.files import Spec, language, source, specs
from matinee.cli.saved import JOB_FIELDS, JOBS, TESTS, Saved, bring
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import safe_line, say
from matinee.cli.verdict import fault_lines

#: So many files are on their way at once.
_AT_ONCE = 8
_MOST_TITLE = 200
_SIGNS = {"created": ("+", "green"), "updated": ("~", "yellow"), "unchanged": ("=", "dim")}


@dataclass(frozen=True)
class Pushed:
    """What became of one file: it is saved, or there is a problem with it; `detail` is the problem's sentence."""

    spec: Spec
    saved: Saved | None = None
    problem: dict[str, Any] | None = None
    script: str = ""


async def push(
    server: Server, places: Sequence[Path], *, tags: Sequence[str] | None, job: str | None, settings: dict[str, Any]
) -> int:
    """Push the test files of all places, then the job; give the exit code.

    `tags` None leaves each test's tags as they are; `settings` are those of the job's that shall be other than they are.
    """
    console = Console(highlight=False)
    found = specs(places)
    async with Api(server) as api:
        pushed = await _push_all(api, found, tags, console)
        told = Counter(each.saved.outcome if each.saved else "not saved" for each in pushed)
        console.print(", ".join(f"{number} {outcome}" for outcome, number in told.items()))
        ids = [each.saved.document["id"] for each in pushed if each.saved]
        if len(ids) < len(pushed):
            if job:
                say(f"The job {safe_line(job)} was left as it is, for not all of its tests could be saved.")
            return 2
        if job:
            saved = await _push_job(api, job, ids, settings)
            console.print(_line(saved, f"job {safe_line(job)}", f", {len(ids)} tests"), soft_wrap=True)
    return 0


async def _push_all(api: Api, found: Sequence[Spec], tags: Sequence[str] | None, console: Console) -> list[Pushed]:
    """Push several at once; tell of each in the order of their paths."""
    turns = asyncio.Semaphore(_AT_ONCE)
    tasks = [asyncio.create_task(_push(api, spec, tags, turns)) for spec in found]
    pushed = []
    try:
        with console.status("") as status:
            for number, task in enumerate(tasks):
                status.update(f"{number} of {len(tasks)}")
                pushed.append(await task)
                console.print(_told(pushed[-1]), soft_wrap=True)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return pushed


async def _push(api: Api, spec: Spec, tags: Sequence[str] | None, turns: asyncio.Semaphore) -> Pushed:
    script = ""
    async with turns:
        try:
            written_in = language(spec.file)
            script = source(spec.file)
        except CannotRunError as error:
            return Pushed(spec, problem={"detail": error.detail})

        def wanted(known: dict[str, Any]) -> dict[str, Any]:
            return {
                "title": known.get("title", spec.title[-_MOST_TITLE:]),  # whoever renamed it meant it
                "description": known.get("description"),
                "script": script,
                "language": written_in.value,
                "tags": sorted({tag.strip() for tag in tags}) if tags is not None else known.get("tags", []),
                "path": spec.path,
            }

        try:
            return Pushed(spec, await bring(api, TESTS, key={"path": spec.path}, wanted=wanted))
        except RefusedError as error:
            if error.extra["status"] not in {413, 422, 409, 412}:  # that is not about this file
                raise
            return Pushed(spec, problem={"detail": error.detail, **error.extra}, script=script)


async def _push_job(api: Api, name: str, ids: list[str], settings: dict[str, Any]) -> Saved:
    def wanted(known: dict[str, Any]) -> dict[str, Any]:
        kept = {field: known[field] for field in JOB_FIELDS if field in known}
        return {**kept, **settings, "name": name, "tests": ids, "schedule": known.get("schedule")}

    return await bring(api, JOBS, key={"name": name}, wanted=wanted)


def _told(pushed: Pushed) -> Text:
    if pushed.saved:
        return _line(pushed.saved, safe_line(pushed.spec.path))
    fault = fault_lines(str(pushed.spec.file), pushed.script, pushed.problem or {})
    return Text("\n").join([Text(f"✗ {safe_line(pushed.spec.path)}  not saved", style="bold red"), *fault])


def _line(saved: Saved, name: str, more: str = "") -> Text:
    sign, style = _SIGNS[saved.outcome]
    return Text(f"{sign} {name}  ", style=style).append(saved.words + more, style="dim")
