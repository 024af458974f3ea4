"""`matinee jobs run` and `matinee runs rerun`: start a run of many tests, follow it, tell how it ended."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from matinee.cli.api import Api, Started
from matinee.cli.job_progress import JobProgress
from matinee.cli.job_verdict import ended_lines, started_lines
from matinee.cli.job_view import JobView
from matinee.cli.saved import JOBS, find
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import safe_line, say
from matinee.cli.verdict import exit_code
from matinee.http import links
from matinee.model.run import RunKind

#: Of the jobs that there are so many are named to somebody who named none of them.
_MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What to tell of a run, and when to leave it."""

    wait: bool  #: until it has ended
    junit: Path | None  #: where its JUnit XML shall be written
    as_json: bool  #: one document, nothing else


async def run_job(server: Server, name: str, *, variables: dict[str, str], telling: Telling) -> int:
    """Run the job of that name; give the exit code."""
    async with Api(server) as api:
        job = await find(api, JOBS, name=name)
        if job is None:
            raise CannotRunError(await _no_job(api, name))
        return await _run(api, "/api/jobs/run", {"jobId": job["id"], "variables": variables}, telling)


async def rerun(server: Server, run_id: str, *, only: str, telling: Telling) -> int:
    """Run a run's tests again, `only` the failed or all; give the exit code."""
    async with Api(server) as api:
        return await _run(api, f"{links.run_path(run_id)}/rerun", {"only": only}, telling)


async def _no_job(api: Api, name: str) -> str:
    names = [safe_line(job["name"]) async for job in api.items(JOBS)]
    if not names:
        return "There are no jobs yet. `matinee tests push DIR --job NAME` makes one."
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"There is no job {safe_line(name)}. There are: {', '.join(names[:_MOST_NAMED])}{more}."


async def _run(api: Api, path: str, request: dict[str, Any], telling: Telling) -> int:
    if telling.junit:
        _make_room(telling.junit)
    starting = api.start(path, request)
    over = False
    try:
        started = await starting.started()
        if not telling.wait:
            over = True
            return await _leave(api, started, telling)
        run = await _follow(api, started, telling)
        over = True
        return await _tell(api, run, telling)
    except asyncio.CancelledError:
        if not over:
            say("Cancelling; a second Ctrl-C leaves at once.")
            await starting.cancel()
        raise


async def _leave(api: Api, started: Started, telling: Telling) -> int:
    """Tell of a run that nobody here waits for."""
    if telling.as_json:
        _print_json(started.document)
    else:
        run = await api.run(started.run_id)
        _console(telling).print(started_lines(run, await api.report_url(started.run_id)), soft_wrap=True)
    return 0


async def _follow(api: Api, started: Started, telling: Telling) -> dict[str, Any]:
    """Show the run as it goes on; give it as it is in the end."""
    run = await api.run(started.run_id)
    progress = JobProgress(run["title"], run["status"], run["counts"])
    console = _console(telling)
    console.print(Text(f"{safe_line(run['title'])}  run {run['id']}", style="dim"), soft_wrap=True)
    with JobView(console, progress) as view:
        async for event in api.events(started.events):
            if ended := progress.hear(event.event, json.loads(event.data)):
                view.ended(ended)
    return await api.run(started.run_id)


async def _tell(api: Api, run: dict[str, Any], telling: Telling) -> int:
    report = await api.report_url(run["id"]) if run["links"].get("report") else None
    code = exit_code([run["status"]])
    if telling.as_json:
        _print_json({"exitCode": code, "run": run, "report": report})
    _console(telling).print(ended_lines(run, report), soft_wrap=True)
    if telling.junit:
        _write(telling.junit, await _junit(api, run))
    return code


def _console(telling: Telling) -> Console:
    return Console(highlight=False, quiet=telling.as_json)


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


async def _junit(api: Api, run: dict[str, Any]) -> bytes:
    if not run["links"].get("report"):
        raise CannotRunError("The run has no report, and so no JUnit XML either.")
    return await api.download(links.junit_path(RunKind(run["kind"]), run["id"]))


def _make_room(file: Path) -> None:
    """See that the file can be written, and that none of an earlier run is taken for this one's."""
    _write(file, b"")
    file.unlink()


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise CannotRunError(f"{file} cannot be written: {error.strerror}.") from error
