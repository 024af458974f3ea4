"""`matinee run`: submit files, follow their runs, tell how they ended."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from matinee.cli.api import Api, Starting
from matinee.cli.files import language, source
from matinee.cli.progress import Progress
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import say
from matinee.cli.verdict import document, exit_code
from matinee.cli.views import Board, Lines, Silence, View

_MAX_TITLE = 200


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How the files shall be run; None leaves it to the server."""

    timeout_seconds: int | None = None
    retries: int | None = None
    base_url: str | None = None
    variables: dict[str, str] = field(default_factory=dict, repr=False)


async def run_files(server: Server, files: Sequence[Path], *, wish: Wish, as_json: bool) -> int:
    """Run all files at the same time; give the exit code."""
    runs = [Progress(file) for file in files]
    async with Api(server) as api:
        with _view(runs, as_json=as_json) as view:
            followers = [Follower(api, progress, view) for progress in runs]
            try:
                await asyncio.gather(*(follower.follow(wish) for follower in followers))
            except asyncio.CancelledError:
                say("Cancelling; a second Ctrl-C leaves at once.")
                await asyncio.gather(*(follower.cancel() for follower in followers))
                raise
    if as_json:
        sys.stdout.write(json.dumps(document(runs), indent=2) + "\n")
    return exit_code(progress.outcome for progress in runs)


def _view(runs: Sequence[Progress], *, as_json: bool) -> View:
    if as_json:
        return Silence()
    console = Console(highlight=False)
    return Board(console, runs) if console.is_terminal else Lines(console, runs)


class Follower:
    """Takes one file from its text to its verdict."""

    def __init__(self, api: Api, progress: Progress, view: View) -> None:
        self._api = api
        self._progress = progress
        self._view = view
        self._starting: Starting | None = None

    async def follow(self, wish: Wish) -> None:
        """Run the file. What keeps it from running is noted, not raised."""
        progress = self._progress
        try:
            request = _request(progress, wish)
            self._starting = self._api.start("/api/test", request)
            started = await self._starting.started()
            progress.run_id = started.run_id
            async for event in self._api.events(started.events):
                self._view.heard(progress, progress.hear(event.event, json.loads(event.data)))
            run = await self._api.run(progress.run_id)
            if run["links"].get("report"):
                with suppress(CannotRunError):  # the verdict stands without a link, too
                    progress.report = await self._api.report_url(progress.run_id)
            progress.run = run
        except CannotRunError as error:
            progress.problem = {"detail": error.detail, **error.extra}
        self._view.ended(progress)

    async def cancel(self) -> None:
        """Stop the run on the server, if it is there and has not ended."""
        if self._starting and not self._progress.over:
            await self._starting.cancel()


def _request(progress: Progress, wish: Wish) -> dict[str, Any]:
    written_in = language(progress.file)
    progress.source = source(progress.file)
    wishes = {
        "timeoutSeconds": wish.timeout_seconds,
        "retries": wish.retries,
        "baseUrl": wish.base_url,
        "variables": wish.variables or None,
    }
    return {
        "script": progress.source,
        "language": written_in.value,
        "title": progress.file.name[:_MAX_TITLE],
        **{name: value for name, value in wishes.items() if value is not None},
    }
