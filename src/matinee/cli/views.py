"""Runs as people watch them: on a terminal a board that changes, elsewhere line after line."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from matinee.cli.progress import Case, Progress
from matinee.cli.text import seconds
from matinee.cli.verdict import style, told

#: Of the steps that a running test has done so many are shown.
_LAST_STEPS = 4


class View(Protocol):
    """What is told of runs while they go on. A context: it ends with the last run."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def heard(self, progress: Progress, line: str | None) -> None:
        """Something happened; `line` tells it, if it is worth one."""

    def ended(self, progress: Progress) -> None:
        """The run has ended, or could not begin."""


class Silence:
    """For programs: the document in the end says it all."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""

    def heard(self, progress: Progress, line: str | None) -> None:
        """Say nothing."""

    def ended(self, progress: Progress) -> None:
        """Say nothing."""


class Lines(Silence):
    """For logs and pipes."""

    def __init__(self, console: Console, runs: Sequence[Progress]) -> None:
        self._console = console
        self._several = len(runs) > 1

    def heard(self, progress: Progress, line: str | None) -> None:
        """Print the line, with the file's name where there are several."""
        for each in line.split("\n") if line else []:
            text = Text(f"{progress.file}  " if self._several else "", style="dim").append(each, style="not dim")
            self._console.print(text, soft_wrap=True)

    def ended(self, progress: Progress) -> None:
        """Print the verdict."""
        self._console.print(told(progress), soft_wrap=True)


class Board:
    """For terminals: what runs now is drawn anew ten times a second, what has ended scrolls away above it."""

    def __init__(self, console: Console, runs: Sequence[Progress]) -> None:
        self._runs = runs
        self._spinners = {id(progress): Spinner("dots", style="cyan") for progress in runs}
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wipe the board."""
        self._live.stop()

    def heard(self, progress: Progress, line: str | None) -> None:
        """Leave it to the next drawing."""

    def ended(self, progress: Progress) -> None:
        """Print the verdict above the board."""
        self._live.refresh()  # without the one that has ended
        self._live.console.print(told(progress), soft_wrap=True)

    def _draw(self) -> RenderableType:
        return Group(*(part for progress in self._runs if not progress.over for part in self._parts(progress)))

    def _parts(self, progress: Progress) -> Sequence[RenderableType]:
        spinner = self._spinners[id(progress)]
        spinner.update(text=_headline(progress))
        return [spinner, *(part for case in progress.cases.values() for part in _case_lines(case))]


def _headline(progress: Progress) -> Text:
    passed = seconds((time.monotonic() - progress.began) * 1000)
    return Text(f"{progress.file}", style="bold").append(f"  {progress.status}  {passed}", style="not bold dim")


def _case_lines(case: Case) -> Sequence[Text]:
    if case.status != "running":
        return [Text(f"  {case.line}", style=style(case.status), no_wrap=True, overflow="ellipsis")]
    steps = [f"    · {title}" for title in case.done[-_LAST_STEPS:]]
    steps += [f"    → {list(case.steps.values())[-1]}"] if case.steps else []
    return [Text(f"  {case.line}"), *(Text(step, style="dim", no_wrap=True, overflow="ellipsis") for step in steps)]
