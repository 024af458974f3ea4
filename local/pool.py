"""The workers of one function: started on demand up to a maximum, each with one event at a time."""

import contextlib
import json
import math
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.errors import StackError
from local.processes import Program
from local.template import ROOT

_STOP_SECONDS = 3.0
#: After so many seconds without an event a pool has time for itself.
_QUIET_SECONDS = 3
#: How many workers of a warm function stay, however long there is nothing to do; the others leave after some minutes.
_STAYING = 2
_LEAVE_SECONDS = 300.0


class InvocationError(StackError):
    """A function failed. `extra` has Lambda's `errorType` and `errorMessage`."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """What a pool needs to know of the function it serves."""

    name: str  #: its folder below functions/
    module: str  #: with the `handler`
    timeout_seconds: float
    environment: Mapping[str, str] = field(repr=False)
    workers: int = 1
    warm: bool = False  #: whether some of them are kept ready for work to come


class _Worker:
    """A process, and our end of its socket."""

    def __init__(self, function: Function, *, log: Path, warm: bool) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            argv = [sys.executable, "-m", "local.worker", function.module, str(theirs.fileno()), *["warm"] * warm]
            self.program = Program(argv, env=function.environment, cwd=ROOT, log=log, pass_fds=[theirs.fileno()])
        self._socket = ours
        self._lines = ours.makefile("rb")
        self.run: str | None = None  #: what its last event was about, for which it may have kept something ready
        self.used = time.monotonic()

    def call(self, message: dict[str, Any], *, until: float) -> dict[str, Any]:
        """Hand over one event and wait for the answer, at most until `until` on the monotonic clock.

        Raises:
            InvocationError: if the process dies, or does not answer in time; it is dead then in any case.
        """
        try:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            self._socket.sendall(json.dumps(message).encode() + b"\n")
            line = self._lines.readline()
        except TimeoutError as error:
            self.kill()
            raise _failed("Sandbox.Timedout", "The function did not end within its time and was killed.") from error
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            self.kill()
            how = f"exit code {self.program.process.returncode}"
            raise _failed("Runtime.ExitError", f"The worker died ({how}); {self.program.log} has its last words.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def rested(self) -> float:
        """For how many seconds it has had nothing to do, when it has nothing."""
        return time.monotonic() - self.used

    def refresh(self) -> None:
        """Get it ready for an event of whatever run."""
        self.call({"refresh": True}, until=time.monotonic() + _STOP_SECONDS)
        self.run = None

    def kill(self) -> None:
        self.close()
        self.program.stop()

    def close(self) -> None:
        """Close our end, at which an idle worker leaves."""
        with contextlib.suppress(OSError):
            self._lines.close()
            self._socket.close()


class Pool:
    """Up to `function.workers` workers. Safe for threads."""

    def __init__(self, function: Function, *, logs: Path) -> None:
        self.function = function
        self._logs = logs
        self._free = threading.Semaphore(function.workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._closed = False
        self._over = threading.Event()

    def warm(self) -> None:
        """Start a worker before there is work, if that is the function's way, and look after all when nothing else goes on."""
        if self.function.warm and self._add():
            threading.Thread(target=self._tend, name=f"tend {self.function.name}", daemon=True).start()

    def _tend(self) -> None:
        """Do one thing at a time: each takes a core for seconds, which whoever runs a test just now would miss."""
        quiet = 0
        while not self._over.wait(1.0):
            with self._lock:
                quiet = 0 if self._busy else quiet + 1
            if quiet >= _QUIET_SECONDS and not self._add():
                self._refresh()
            self._dismiss()

    def _add(self) -> bool:
        """Start one more worker, unless enough stay."""
        with self._lock:
            if self._closed or len(self._idle) + len(self._busy) >= min(self.function.workers, _STAYING):
                return False
            self._idle.append(self._start(warm=True))
            return True

    def _refresh(self) -> None:
        """Get a worker ready again whose run seems to be over, so that the next run need not wait for that."""
        with self._lock:
            worker = next((one for one in self._idle if one.run), None)
            if worker is None or not self._free.acquire(blocking=False):
                return
            self._idle.remove(worker)
            self._busy.append(worker)
        with contextlib.suppress(InvocationError):
            worker.refresh()
        self._give_back(worker)
        self._free.release()

    def _dismiss(self) -> None:
        """Let those leave that had nothing to do for long."""
        with self._lock:
            leaving = [worker for worker in self._idle[_STAYING:] if worker.rested > _LEAVE_SECONDS]
            self._idle = [worker for worker in self._idle if worker not in leaving]
        for worker in leaving:
            worker.close()
            if not worker.program.wait(_STOP_SECONDS):
                worker.kill()

    def invoke(self, event: Any, *, request_id: str) -> Any:
        """Run the function on `event` and give what it returns. Its time begins when a worker takes it.

        Raises:
            InvocationError: if it raises, dies or takes too long; or if no worker was free for as long as it may run.
        """
        seconds = self.function.timeout_seconds
        if not self._free.acquire(timeout=seconds):
            raise _failed("TooManyRequestsException", "No worker was free in time.")
        try:
            worker = self._take(_run_of(event))
            try:
                deadline_ms = math.floor((time.time() + seconds) * 1000)
                message = {"event": event, "request_id": request_id, "deadline_ms": deadline_ms}
                answer = worker.call(message, until=time.monotonic() + seconds)
            finally:
                self._give_back(worker)
        finally:
            self._free.release()
        if error := answer.get("error"):
            raise _failed(error["errorType"], error["errorMessage"])
        return answer["result"]

    def close(self) -> None:
        """End all workers: those at work get a moment to end what they started."""
        self._over.set()
        with self._lock:
            self._closed = True
            workers, self._idle = [*self._idle, *self._busy], []
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.program.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for worker in workers:
            worker.program.wait(max(0.0, deadline - time.monotonic()))
            worker.kill()

    def pids(self) -> list[int]:
        """Give the process ids of the workers that live."""
        with self._lock:
            return [worker.program.pid for worker in [*self._idle, *self._busy] if worker.program.running]

    def _take(self, run: str | None) -> _Worker:
        with self._lock:
            if self._closed:
                raise _failed("ServiceException", "The stack is stopping.")
            # One that served this run has its processes; others' are of no use, and who rested longest is the readiest.
            wanted = [one for one in self._idle if run and one.run == run] or [one for one in self._idle if not one.run]
            worker = next(iter(wanted or self._idle), None)
            if worker:
                self._idle.remove(worker)
            if worker and not worker.program.running:  # it died while it had nothing to do
                worker.close()
                worker = None
            worker = worker or self._start(warm=False)  # it has something to do at once
            worker.run = run
            self._busy.append(worker)
            return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.remove(worker)
            if self._closed:
                return
            worker.used = time.monotonic()
            if worker.program.running:
                self._idle.append(worker)
            elif self.function.warm:
                self._idle.append(self._start(warm=True))

    def _start(self, *, warm: bool) -> _Worker:
        return _Worker(self.function, log=self._logs / f"{self.function.name}.log", warm=warm)


def _run_of(event: Any) -> str | None:
    """Tell which run an event from a queue is about."""
    try:
        run = json.loads(event["Records"][0]["body"])["run_id"]
    except (LookupError, TypeError, ValueError):
        return None
    return str(run)


def _failed(kind: str, message: str) -> InvocationError:
    return InvocationError(f"{kind}: {message}", errorType=kind, errorMessage=message)
