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

from matinee.cli.api import Api
from matinee.cli.progress import Progress
from matinee.cli.server import CannotRunError, Server
from matinee.cli.text import say
from matinee.cli.verdict import document, exit_code
from matinee.cli.views import Board, Lines, Silence, View
from matinee.model.script import MAX_SCRIPT_BYTES, Language

_LANGUAGES = {
    **dict.fromkeys((".ts", ".mts", ".cts"), Language.TYPESCRIPT),
    **dict.fromkeys((".js", ".mjs", ".cjs"), Language.JAVASCRIPT),
}
_MAX_TITLE = 200
#: After Ctrl-C the server gets so long to hear of it.
_FAREWELL_SECONDS = 6.0


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
    return exit_code(runs)


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
        self._submitted: asyncio.Task[str] | None = None

    async def follow(self, wish: Wish) -> None:
        """Run the file. What keeps it from running is noted, not raised."""
        progress = self._progress
        try:
            request = _request(progress, wish)
            self._submitted = asyncio.create_task(self._api.submit(request))
            progress.run_id = await asyncio.shield(self._submitted)  # to cancel a run, its id must be known
            async for event in self._api.events(progress.run_id):
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
        if self._submitted is None or self._progress.over:
            return
        with suppress(CannotRunError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._api.cancel(await self._submitted)


def _request(progress: Progress, wish: Wish) -> dict[str, Any]:
    language = _LANGUAGES.get(progress.file.suffix)
    if language is None:
        raise CannotRunError(f"Its ending is none of {', '.join(_LANGUAGES)}.")
    progress.source = _source(progress.file)
    wishes = {
        "timeoutSeconds": wish.timeout_seconds,
        "retries": wish.retries,
        "baseUrl": wish.base_url,
        "variables": wish.variables or None,
    }
    return {
        "script": progress.source,
        "language": language.value,
        "title": progress.file.name[:_MAX_TITLE],
        **{name: value for name, value in wishes.items() if value is not None},
    }


def _source(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SCRIPT_BYTES + 1)
        if len(data) > MAX_SCRIPT_BYTES:
            raise CannotRunError(f"It has more than {MAX_SCRIPT_BYTES:,} bytes.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CannotRunError(f"It cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotRunError(f"It is no UTF-8 text (byte {error.start}).") from error
