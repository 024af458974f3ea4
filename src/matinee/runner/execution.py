"""Execute one script: give it to the warm processes, follow it, stop it in time, judge it."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path

from matinee.model.run import RunKind, TestStatus
from matinee.model.variables import NOTHING_GIVEN, Given
from matinee.model.work import Case, Event, TestOrder
from matinee.runner.console import Console, refusals
from matinee.runner.folders import remove
from matinee.runner.judge import Verdict, judge
from matinee.runner.process import Ending, Said
from matinee.runner.progress import Progress
from matinee.runner.scrub import Scrubber
from matinee.runner.stop import Stop
from matinee.runner.waiting import Waiting
from matinee.runner.warm import Place, Warm

#: From asking a script to end in order to killing it, in seconds. Playwright's own way out takes some 0.2 s.
GRACE_SECONDS = 1.2
#: How long a job's test may wait for processes that were not started ahead of it.
_START_SECONDS = 60.0
_LISTEN_SECONDS = 0.2
#: From asking a script to end to giving its supervisor up, which somebody has stopped.
_DEAF_SECONDS = GRACE_SECONDS + 6.0
_TAIL_BYTES = 16_384


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution that is over, with its files; nothing of it runs any more."""

    verdict: Verdict
    cases: tuple[Case, ...]
    blob: Path | None  #: as Playwright wrote it, if it came to that; out of the script's reach
    console: bytes
    ending: Ending
    warm: Warm
    scrubber: Scrubber  #: of all here only the blob has not been through it
    kept: bool = False  #: whether the processes stay for the run's next test, which finds nothing of this one

    def close(self) -> None:
        """Remove the execution's files."""
        if self.kept:
            self.warm.forget()
        else:
            self.warm.close()


class Runner:
    """Executes scripts one after the other, in processes that were started before they came."""

    def __init__(self, place: Place) -> None:
        place.sandbox.hide()
        self._waiting = Waiting(place)
        self._tmp = place.tmp
        self._lasting = set(place.tmp.iterdir()) if place.tmp else set()

    def warm(self) -> None:
        """Have processes ready for the next script; costs nothing where they are."""
        self._waiting.warm()

    def refresh(self) -> None:
        """Have processes ready that no run has used; costs nothing where they are."""
        self._waiting.refresh()

    @property
    def folder(self) -> Path | None:
        """The folder that the next script will run in, where its processes wait already."""
        return self._waiting.folder

    def tidy(self, *spare: Path | None) -> None:
        """Remove what scripts left outside of their folders, while none runs; but `spare`, which somebody waits with."""
        for path in self._tmp.iterdir() if self._tmp else ():
            if path not in {*self._lasting, self._waiting.base, *spare}:
                remove(path)

    def close(self) -> None:
        """End the waiting processes."""
        self._waiting.close()

    def execute(
        self,
        order: TestOrder,
        script: str,
        *,
        given: Given = NOTHING_GIVEN,
        seconds: float,
        stop: Stop,
        on_event: Callable[[Event], None],
    ) -> Execution:
        """Run `script` for at most `seconds`, or until its run's deadline, and return once nothing of it is left.

        Events come on this thread and on another one; `on_event` must allow that.
        """
        scrubber = Scrubber(given.secrets)
        warm, keep = self._begin(order, script, given.variables, seconds=seconds, stop=stop)
        try:
            seconds = min(seconds, _until_deadline(order))
            progress, console, ending = _follow(
                warm, order, scrubber=scrubber, seconds=seconds, keep=keep, stop=stop, on_event=on_event
            )
            if stop.why is not None:
                ending = replace(ending, killed=stop.why)
            own = warm.take("blob.zip")
            verdict = judge(ending, progress, blob=own, console_tail=console[-_TAIL_BYTES:].decode(errors="replace"))
            cases = _cases(progress, verdict)
            kept = warm.host.resting and verdict.is_plain
            if kept:
                self._waiting.keep(warm)
            return Execution(
                verdict=verdict,
                cases=cases,
                blob=own,
                console=console,
                ending=ending,
                warm=warm,
                scrubber=scrubber,
                kept=kept,
            )
        except BaseException:
            warm.close()
            raise

    def _begin(
        self, order: TestOrder, script: str, variables: Mapping[str, str], *, seconds: float, stop: Stop
    ) -> tuple[Warm, bool]:
        """Put the script before processes that may have it; tell whether they are to stay."""
        warm = self._waiting.take(order)
        was_used = warm.run_id is not None
        try:
            keep = order.kind is RunKind.JOB and _ready(warm, order, stop)
            # Playwright knows the test's own time alone: that the run's is over is never told as a test's slowness.
            warm.write(order, script, variables=variables, test_timeout_ms=_test_timeout_ms(seconds))
        except BaseException as error:
            warm.close()
            if was_used and isinstance(error, OSError):  # what a former test left at work stands in the way
                return self._begin(order, script, variables, seconds=seconds, stop=stop)
            raise
        return warm, keep


def _ready(warm: Warm, order: TestOrder, stop: Stop) -> bool:
    """Wait for what is to stay: it must be there before the script, for whatever comes later goes with that.

    It is not on the test's time, for on a busy machine it may take longer than a test may; but it is on the run's, and who
    asks to stop need not wait for it.
    """
    end = time.monotonic() + min(_START_SECONDS, _until_deadline(order))
    while stop.why is None and time.monotonic() < end and warm.host.alive:
        if warm.ready(seconds=_LISTEN_SECONDS):
            return True
    return False


def _until_deadline(order: TestOrder) -> float:
    """Give the seconds until the run's deadline, of which a little is always left to end in order."""
    return math.inf if order.deadline is None else max(0.1, (order.deadline - _now()) / 1000)


def _follow(
    warm: Warm,
    order: TestOrder,
    *,
    scrubber: Scrubber,
    seconds: float,
    keep: bool,
    stop: Stop,
    on_event: Callable[[Event], None],
) -> tuple[Progress, bytes, Ending]:
    """Let the script go, and hear all that it says until it and its descendants are gone, or its host says that it is over."""
    host = warm.host
    console = Console()
    progress = Progress(test_id=order.test_id, printed=console.keep, scrubber=scrubber)

    deadline = threading.Timer(seconds, stop.ask, ["deadline"])
    timers = [deadline]

    def end(why: str) -> None:
        host.ask("stop")
        late = (threading.Timer(GRACE_SECONDS, host.kill, [why]), threading.Timer(_DEAF_SECONDS, host.destroy))
        timers.extend(late)
        for timer in late:
            timer.start()

    warm.go(seconds=seconds + GRACE_SECONDS + 1, keep=keep)
    deadline.start()
    stop.heard_by(end)
    for said in host.hear():
        for event in _events(said, progress):
            on_event(event)
        if keep and progress.over is not None:
            break
    ending = host.rest(code=progress.over, but=progress.browser) if keep and progress.over is not None else host.wait()
    stop.heard_by(_nobody)
    for timer in timers:
        timer.cancel()
        timer.join()
    late = (
        _events(said, progress) for said in host.hear(seconds=0)
    )  # printed before the end, or by what lived until now
    notes = refusals(ending)
    for event in chain(*late, progress.rest(at=_now()), progress.notes(notes, at=_now())):
        on_event(event)
    return progress, scrubber.data(console.kept(notes)), ending


def _events(said: Said, progress: Progress) -> Iterator[Event]:
    if said.printed:
        return progress.output(said.piece, at=_now())
    return progress.line(said.piece)


def _nobody(_why: str) -> None:
    """Hear that a run shall stop when there is nothing left to stop."""


def _cases(progress: Progress, verdict: Verdict) -> tuple[Case, ...]:
    """All tests that began: those that ended as they did, those that were cut short with the verdict that cut them; its words stand once."""
    words = chain([verdict.message], repeat(None))
    ended = [
        case.model_copy(update={"status": verdict.status, "message": next(words)})
        if case.status is TestStatus.CANCELLED
        else case
        for case in progress.cases.values()
    ]
    cut = [
        Case(title=title, status=verdict.status, duration_ms=0, message=next(words))
        for title in progress.running.values()
    ]
    return (*ended, *cut)


def _test_timeout_ms(seconds: float) -> int:
    """Give a script's tests nearly all of its time: one clock for people to set, and Playwright's own fires first, with a trace."""
    return int((seconds - min(5.0, seconds * 0.3)) * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000
