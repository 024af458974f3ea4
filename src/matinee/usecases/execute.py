"""Run one test of one run: claim it, execute it, say how it ended, leave its report.

Safe under redelivery: a claim comes before anything else, the result is written under a condition, and whoever finds a result without its
report makes just the report.
"""

import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from matinee.model.clock import now_ms
from matinee.model.errors import LeaseLostError, MatineeError, NotFoundError, VaultKeyError, VaultUnavailableError
from matinee.model.lease import Lease
from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.script import file_name
from matinee.model.variables import NOTHING_GIVEN, Given
from matinee.model.work import TestOrder, TestResult
from matinee.runner import slim
from matinee.runner.execution import Execution, Runner
from matinee.runner.report import Part, ReportStep
from matinee.runner.stop import Stop
from matinee.runner.told import Told
from matinee.stores.artifacts import Artifacts, report_prefix, test_prefix
from matinee.stores.live import LiveTable
from matinee.usecases.hold import Hold
from matinee.usecases.outcome import MOST_ATTEMPTS, ended, result_of, told_of
from matinee.usecases.publish import publish
from matinee.usecases.tell import Teller

if TYPE_CHECKING:
    from matinee.stores.vault import Vault

logger = logging.getLogger(__name__)

#: With less time than this left, in seconds, a further attempt could not end well.
_LEAST_SECONDS = 2.0
#: How many files of a test are uploaded at once.
_UPLOADS = 8


class TryAgainError(MatineeError):
    """This attempt came to nothing that says anything about the test; its message must come back."""


@dataclass(frozen=True, kw_only=True)
class Executor:
    """What run_test does with each order."""

    live: LiveTable
    artifacts: Artifacts
    runner: Runner
    reports: ReportStep
    vault: Callable[[], "Vault"]  #: not asked for by those whose tests have no variables
    lease_ms: int = 15_000
    on_result: Callable[[TestResult], None] = lambda _: None  #: hears of each result once it is said

    def execute(self, order: TestOrder, *, extend: Callable[[int], None]) -> None:
        """Execute `order`; `extend(seconds)` keeps its message invisible for so long from now.

        Raises:
            TryAgainError: if it shall be delivered again; when, is settled with `extend`.
        """
        owner = f"{order.test_id}/{uuid.uuid4().hex[:12]}"
        try:
            lease = self.live.claim(order.run_id, order.test_id, owner=owner, now=now_ms(), lease_ms=self.lease_ms)
        except LeaseLostError as lost:
            self._not_ours(order, lost.lease, extend)
            return
        stop = Stop()
        with Hold(live=self.live, order=order, owner=owner, lease_ms=self.lease_ms, stop=stop, extend=extend) as hold:
            if self._attempt(order, lease, hold, stop):
                return
            self.live.release(order.run_id, order.test_id, owner=owner)
        extend(0)
        raise TryAgainError(f"attempt {lease.attempt} says nothing about the test")

    def _attempt(self, order: TestOrder, lease: Lease, hold: Hold, stop: Stop) -> bool:
        """Execute the script once; False if that came to nothing and is worth another attempt."""
        seconds = _seconds_left(order, lease)
        if lease.attempt > MOST_ATTEMPTS or (lease.attempt > 1 and seconds < _LEAST_SECONDS):
            hold.concluding()
            self._put(order, ended(lease, TestStatus.ERROR, Reason.WORKER_LOST))
            return True
        if seconds <= 0:
            hold.concluding()
            self._put(order, ended(lease, TestStatus.TIMED_OUT, Reason.DEADLINE))
            return True
        try:
            given = self._given(order)
        except (VaultKeyError, VaultUnavailableError) as error:
            if isinstance(error, VaultUnavailableError) and lease.attempt < MOST_ATTEMPTS:
                return False
            hold.concluding()
            self._put(order, ended(lease, TestStatus.ERROR, Reason.VARIABLES_UNREADABLE, message=error.detail))
            return True
        return self._run(order, lease, hold, stop, given)

    def _run(self, order: TestOrder, lease: Lease, hold: Hold, stop: Stop, given: Given) -> bool:
        """Let the script run, and tell of it; False as `_attempt` does."""
        script = self._script(order)
        with Teller(self.live, order.run_id, kind=order.kind) as teller:
            execution = self.runner.execute(
                order,
                script,
                given=given,
                seconds=_own_seconds_left(order, lease),
                stop=stop,
                on_event=teller.tell,
            )
        try:
            if stop.why == Hold.LOST:
                return True  # somebody else's now, or ended without us
            reason = execution.verdict.reason
            if reason and reason.is_infrastructure and _may_retry(order, lease, took=execution.ending.seconds):
                return False
            hold.concluding()
            self._conclude(order, lease, execution, script)
        finally:
            execution.close()
        return True

    def _conclude(self, order: TestOrder, lease: Lease, execution: Execution, script: str) -> None:
        """Store what the execution left, say how it ended, then show its report, unless that is made of a whole job."""
        told = told_of(order, execution)
        with TemporaryDirectory(prefix="matinee-blob-") as folder:
            scrubber = execution.scrubber
            events = slim.split(execution.blob, told, into=Path(folder), scrubber=scrubber)
            blob = slim.pack(events, file=file_name(order.language, module=order.module), source=scrubber.text(script))
            with self._report(order, Part(told, blob)) as report:
                self._store(order, blob=blob, console=execution.console, resources=Path(folder))
                self._put(order, result_of(lease, execution))
                if report:
                    self._publish(order, report())

    @contextmanager
    def _report(self, order: TestOrder, part: Part) -> Iterator[Callable[[], Path | None] | None]:
        """Begin to make the report of a single test; it is read only after the verdict was told."""
        if order.kind is RunKind.JOB:
            yield None
            return
        with self.reports.making(order.title, [part]) as made:
            yield made

    def _store(self, order: TestOrder, *, blob: bytes, console: bytes, resources: Path) -> None:
        """Put everything where it stays, at once; nobody looks before the result is there."""
        prefix = test_prefix(order.workspace_id, order.run_id, order.test_id)
        data = f"{report_prefix(order.workspace_id, order.run_id)}data/"
        put, put_file = self.artifacts.put_bytes, self.artifacts.put_file
        with ThreadPoolExecutor(_UPLOADS) as pool:
            stored = [
                pool.submit(put, f"{prefix}blob.zip", blob, content_type="application/zip"),
                pool.submit(put, f"{prefix}console.txt", console, content_type="text/plain; charset=utf-8"),
                *[pool.submit(put_file, data + path.name, path) for path in resources.iterdir()],
            ]
            for done in stored:
                done.result()

    def _not_ours(self, order: TestOrder, lease: Lease, extend: Callable[[int], None]) -> None:
        """Settle an order that could not be claimed: over, cancelled, or another's."""
        if lease.done:
            if lease.report == "pending" and order.kind is RunKind.TEST:
                self._report_again(order)
            return
        held_ms = max(0, lease.until - now_ms())
        if lease.cancel and not held_ms:
            self._put(order, ended(lease, TestStatus.CANCELLED, Reason.CANCELLED))
            return
        # Another worker has it, or had it a moment ago. Should that one be lost, this message is the one that brings the test back.
        extend(held_ms // 1000 + 1)
        raise TryAgainError(f"another worker holds it, on attempt {lease.attempt}")

    def _report_again(self, order: TestOrder) -> None:
        """Make the report of a test whose worker was lost between its verdict and its report."""
        try:
            blob = self.artifacts.get_bytes(f"{test_prefix(order.workspace_id, order.run_id, order.test_id)}blob.zip")
            status = TestStatus.PASSED if slim.unpack(blob).good else TestStatus.FAILED
        except (NotFoundError, ValueError):
            self._publish(order, None)  # no blob, so no report
            return
        told = Told(title=order.title, status=status, started_at=now_ms(), duration_ms=0)
        with self.reports.making(order.title, [Part(told, blob)]) as made:
            self._publish(order, made())

    def _publish(self, order: TestOrder, report: Path | None) -> None:
        run = {"workspace_id": order.workspace_id, "run_id": order.run_id, "test_id": order.test_id}
        publish(report, live=self.live, artifacts=self.artifacts, **run)

    def _put(self, order: TestOrder, result: TestResult) -> None:
        if self.live.put_result(order.run_id, order.test_id, result):
            ids = {"run_id": order.run_id, "test_id": order.test_id}
            logger.info("a test has ended: %s %s", result.status, result.reason or "", extra=ids)
            self.on_result(result)

    def _given(self, order: TestOrder) -> Given:
        """Decrypt the order's variables, as late as can be: the script is to begin.

        Raises:
            VaultUnavailableError: if the key does not answer.
            VaultKeyError: if they can never be read.
        """
        return self.vault().open(order.workspace_id, order.variables) if order.variables else NOTHING_GIVEN

    def _script(self, order: TestOrder) -> str:
        if order.script is not None:
            return order.script
        assert order.script_key is not None  # noqa: S101  # an order has one of the two
        return self.artifacts.get_bytes(order.script_key).decode()


def _own_seconds_left(order: TestOrder, lease: Lease) -> float:
    """Give what is left of the test's own time. It is one for all attempts: a retry may not make a run longer than its owner allowed."""
    return ((lease.started_at or now_ms()) + order.timeout_seconds * 1000 - now_ms()) / 1000


def _seconds_left(order: TestOrder, lease: Lease) -> float:
    """Give the time that is left for the test: its own, or what its run has."""
    own = _own_seconds_left(order, lease)
    return own if order.deadline is None else min(own, (order.deadline - now_ms()) / 1000)


def _may_retry(order: TestOrder, lease: Lease, *, took: float) -> bool:
    """Whether another attempt is allowed, and would come as far as this one, which took so many seconds."""
    return lease.attempt < MOST_ATTEMPTS and _seconds_left(order, lease) > max(took, _LEAST_SECONDS)
