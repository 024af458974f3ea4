"""A job's run as people watch it: on a terminal a board that changes, elsewhere a line for each test that ended."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from matinee.cli.job_progress import JobProgress, JobTest
from matinee.cli.text import safe_line, seconds
from matinee.cli.verdict import style

#: Of the tests that run now so many are shown.
_MOST_RUNNING = 10
_MOST_BAR = 24
_LEAST_TITLE = 8
_GAP = Text("  ")
_TURNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class JobView:
    """What is told of a job's run while it goes on. A context: it ends with the run."""

    def __init__(self, console: Console, progress: JobProgress) -> None:
        self._console = console
        self._progress = progress
        self._draws = console.is_terminal and not console.quiet
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw, if this is a terminal."""
        if self._draws:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wipe the board."""
        self._live.stop()

    def ended(self, test: JobTest) -> None:
        """Tell how a test ended; on a terminal only if it did not simply pass."""
        if self._draws and test.is_fine:
            return
        line = Text(test.line, style=style(test.status))
        if self._draws and test.message:
            line.append(f"\n    {test.message}", style="default")
        # On a terminal each has one line, which the board then follows; the verdict tells all of it.
        self._console.print(line, soft_wrap=not self._draws, no_wrap=True, overflow="ellipsis")

    def _draw(self) -> RenderableType:
        return Group(self._headline(), *self._running())

    def _headline(self) -> Text:
        """Give the job's name as much room as what changes leaves it."""
        progress, width = self._progress, self._console.width
        what = [Text("making the report")] if progress.has_verdict else [_ended(progress), _faults(progress)]
        behind = [_bar(progress, min(_MOST_BAR, width // 5)), *what, Text(_since(progress.began), style="dim")]
        title = Text(safe_line(progress.title), style="bold")
        title.truncate(
            max(_LEAST_TITLE, width - sum(_GAP.cell_len + part.cell_len for part in behind) - 3), overflow="ellipsis"
        )
        turn = _TURNS[int(time.monotonic() * 10) % len(_TURNS)]
        line = _GAP.join([Text.assemble((turn, "cyan"), " ", title), *filter(None, behind)])
        line.no_wrap, line.overflow = True, "ellipsis"
        return line

    def _running(self) -> Iterator[Text]:
        running = list(self._progress.running.values())
        shown = max(1, min(_MOST_RUNNING, self._console.height - 4))
        for test in running[:shown]:
            line = Text(f"  · {test.title}", no_wrap=True, overflow="ellipsis")
            took = _since(test.began)
            line.truncate(self._console.width - len(took) - 2, overflow="ellipsis")
            yield line.append(f"  {took}", style="dim")
        if len(running) > shown:
            yield Text(f"  … and {len(running) - shown} more", style="dim")


def _since(began: float) -> str:
    return seconds((time.monotonic() - began) * 1000)


def _bar(progress: JobProgress, width: int) -> Text:
    done = width * progress.ended // max(1, progress.total)
    return Text("━" * done, style="green").append("─" * (width - done), style="dim")


def _ended(progress: JobProgress) -> Text:
    return Text(f"{progress.ended} of {progress.total}")


def _faults(progress: JobProgress) -> Text:
    counts = progress.counts
    found = [
        (name, style) for name, style in (("failed", "red"), ("error", "red"), ("flaky", "yellow")) if counts[name]
    ]
    return Text(", ").join(Text(f"{counts[name]} {name}", style=colour) for name, colour in found)
