"""Watch runs: however many clients follow a run, one task reads its log, and each client has its own place in it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial

from matinee.http.sse import HEARTBEAT, PREAMBLE, frame
from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.model.run import RunKind
from matinee.model.work import Event
from matinee.stores.live import LiveTable
from matinee.stores.runs import Run, Runs
from matinee.usecases.story import story

logger = logging.getLogger(__name__)

#: A client is handed so much at once.
_CHUNK_BYTES = 128 * 1024
#: Events asked of the live table at once; more than a page of it has.
_PAGE_EVENTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often a log is read, in seconds, and how much of it is kept."""

    shortest: float = 0.025  #: between two reads while events flow
    of_job: float = 0.1  #: the same for the log of a job, where they always do
    longest: float = 0.25  #: when it has been quiet for a while
    patience: float = 20.0  #: the pause is the quiet time divided by this
    retry: float = 2.0  #: while the live table does not answer
    heartbeat: float = 15.0  #: of silence, then a comment is sent
    recheck: float = 15.0  #: of silence, then Postgres is asked whether the run is over
    kept_bytes: int = 4 * 1024 * 1024  #: of a run's events; whoever wants older ones reads them again


class Watches:
    """The runs that somebody follows at this moment, in this process."""

    def __init__(self, *, live: LiveTable, runs: Runs, pace: Pace) -> None:
        self._live = live
        self._runs = runs
        self._pace = pace
        self._watches: dict[str, Watch] = {}

    @property
    def pollers(self) -> int:
        """How many logs are being read."""
        return sum(watch.polling for watch in self._watches.values())

    async def follow(self, run: Run, *, after: int) -> AsyncGenerator[bytes, None]:
        """Give a run's events numbered above `after` as they come, written out, until its end.

        Nothing at all comes if the client has the end already. A client whose number is higher than the log's last had
        it from a log that is lost: it gets everything that is there.
        """
        watch = self._watches.get(run.id)
        if watch is None:
            watch = self._watches[run.id] = Watch(run, live=self._live, runs=self._runs, pace=self._pace)
            logger.info("watching a run", extra={"run_id": run.id, "pollers": self.pollers})
        watch.run = run  # it may know more of the run than the one before
        watch.clients += 1
        try:
            async for chunk in watch.chunks(after):
                yield chunk
        finally:
            watch.clients -= 1
            if not watch.clients:
                watch.stop()
                del self._watches[run.id]
                logger.info("stopped watching a run", extra={"run_id": run.id, "pollers": self.pollers})


class Watch:
    """One run's log, read into memory as it grows."""

    def __init__(self, run: Run, *, live: LiveTable, runs: Runs, pace: Pace) -> None:
        self.clients = 0
        self.run = run
        self._live = live
        self._runs = runs
        self._pace = pace
        self._frames: list[bytes] = []
        self._kept = 0  # bytes in _frames
        self._before = 0  # the number of the event before the first of _frames
        self._reads = 0  # how many reads of the log were begun
        self._complete = 0  # the last one of them that found no more
        self._over = False  # the last frame is the end
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._poll(), name=f"watch {run.id}")
        self._task.add_done_callback(lambda _: self._notify())

    @property
    def polling(self) -> bool:
        """Whether the log is still being read."""
        return not self._task.done()

    def stop(self) -> None:
        """Stop reading."""
        self._task.cancel()

    # what clients get

    async def chunks(self, after: int) -> AsyncGenerator[bytes, None]:
        """Give what comes after `after`, at each client's own speed; see `Watches.follow`."""
        arrived = self._reads
        if after:  # then there may be nothing to send, and that has an answer of its own
            await self._wait(lambda: self._knows_more(after, arrived), seconds=1)
            if self._over and after == self._last:
                return
        yield PREAMBLE
        while True:
            if after > self._last and self._knows_more(after, arrived):
                after = 0  # the log that it knows is lost
            if after < self._last:
                chunk, after = await self._after(after)
                yield chunk
            elif self._over:
                return
            elif not await self._wait(partial(self._has_news, after, arrived), seconds=self._pace.heartbeat):
                yield HEARTBEAT

    def _has_news(self, after: int, arrived: int) -> bool:
        return (after != self._last and self._knows_more(after, arrived)) or self._over

    def _knows_more(self, after: int, arrived: int) -> bool:
        """Whether it is known what follows on `after`.

        A number above our last one may come from another process that reads the same log, a moment ahead of us; so only
        a read that began after the client had come tells that the log is shorter.
        """
        return self._last > after or self._over or self._complete > arrived

    @property
    def _last(self) -> int:
        return self._before + len(self._frames)

    async def _wait(self, reached: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until something holds; False if it does not after so long."""
        try:
            async with asyncio.timeout(seconds):
                while not reached():
                    if self._task.done():
                        self._task.result()  # raises what ended it
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _after(self, after: int) -> tuple[bytes, int]:
        """Give the next frames after a number, and the number of the last of them."""
        if after < self._before:
            return await self._read_again(after)
        size = 0
        end = start = after - self._before
        while end < len(self._frames) and size < _CHUNK_BYTES:
            size += len(self._frames[end])
            end += 1
        return b"".join(self._frames[start:end]), self._before + end

    async def _read_again(self, after: int) -> tuple[bytes, int]:
        """Read what is not in memory any more."""
        try:
            events = await asyncio.to_thread(self._live.read, self.run.id, after=after, limit=self._before - after)
        except LiveUnavailableError:
            await asyncio.sleep(self._pace.retry)
            return HEARTBEAT, after
        if not events:  # it has expired
            return HEARTBEAT, self._before
        return b"".join(frame(number, self.run.id, event) for number, event in events), events[-1][0]

    # what the log has

    async def _poll(self) -> None:
        clock = asyncio.get_running_loop().time
        heard = checked = clock()
        while True:
            run = self.run
            self._reads += 1
            try:
                events = await asyncio.to_thread(self._live.read, run.id, after=self._last, limit=_PAGE_EVENTS)
            except LiveUnavailableError:
                await asyncio.sleep(self._pace.retry)
                continue
            self._take([event for _, event in events])
            if events:
                heard = checked = clock()
            elif run.end_said_at:  # Postgres knew of the end before the log was read, and the log has none: it was lost
                self._take(list(story(run)))
            elif clock() - checked > self._pace.recheck:
                await self._ask_postgres()
                checked = clock()
            if not events:
                self._complete = self._reads
            self._notify()
            if self._over:
                return
            quiet = clock() - heard
            shortest = self._pace.of_job if run.kind is RunKind.JOB else self._pace.shortest
            await asyncio.sleep(min(max(quiet / self._pace.patience, shortest), self._pace.longest))

    def _take(self, events: list[Event]) -> None:
        frames = [frame(number, self.run.id, event) for number, event in enumerate(events, start=self._last + 1)]
        self._frames += frames
        self._kept += sum(map(len, frames))
        self._over = bool(events) and events[-1].type == "end"
        if self._kept > self._pace.kept_bytes:
            self._forget(self._kept - self._pace.kept_bytes // 2)

    def _forget(self, size: int) -> None:
        """Drop the oldest frames, `size` bytes of them or a little more."""
        count = 0
        while size > 0:
            size -= len(self._frames[count])
            self._kept -= len(self._frames[count])
            count += 1
        del self._frames[:count]
        self._before += count

    async def _ask_postgres(self) -> None:
        try:
            self.run = await asyncio.to_thread(self._runs.get, self.run.workspace_id, self.run.id)
        except DatabaseUnavailableError:
            return
        except NotFoundError:
            self._over = True
