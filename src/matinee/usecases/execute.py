"""Run one test of one run: claim it, execute it, say how it ended, leave its report.

Safe under redelivery: a claim comes before anything else, the result is written under a condition, and whoever finds a result without its
report makes just the report.
"""

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from matinee.model.errors import LeaseLostError, MatineeError, NotFoundError
from matinee.model.lease import Lease
from matinee.model.run import ADVICE, Reason, TestStatus
from matinee.model.work import TestOrder, TestResult
from matinee.runner.execution import Execution, Runner, Stop
from matinee.stores.artifacts import Artifacts, test_prefix
from matinee.stores.live import LiveTable
from matinee.usecases.hold import Hold
from matinee.usecases.tell import Teller

#: How often a test is begun at the most, when what stopped it says nothing about the test.
MOST_ATTEMPTS = 3
#: With less time than this left, in seconds, a further attempt could not end well.
_LEAST_SECONDS = 2.0


class TryAgainError(MatineeError):
    """This attempt came to nothing that says anything about the test; its message must come back."""


@dataclass(frozen=True, kw_only=True)
class Executor:
    """What run_test does with each order."""

    live: LiveTable
    artifacts: Artifacts
    runner: Runner
    lease_ms: int = 15_000

    def execute(self, order: TestOrder, *, extend: Callable[[int], None]) -> None:
        """Execute `order`; `extend(seconds)` keeps its message invisible for so long from now.

        Raises:
            TryAgainError: if it shall be delivered again; when, is settled with `extend`.
        """
        owner = f"{order.test_id}/{uuid.uuid4().hex[:12]}"
        try:
            lease = self.live.claim(order.run_id, order.test_id, owner=owner, now=_now(), lease_ms=self.lease_ms)
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
        started_at = lease.started_at or _now()
        # One deadline for all attempts: a retry may not make a run longer than its owner allowed.
        seconds = (started_at + order.timeout_seconds * 1000 - _now()) / 1000
        if lease.attempt > MOST_ATTEMPTS or (lease.attempt > 1 and seconds < _LEAST_SECONDS):
            hold.concluding()
            self._put(order, _ended(lease, TestStatus.ERROR, Reason.WORKER_LOST))
            return True
        script = self._script(order)
        with Teller(self.live, order.run_id) as teller:
            execution = self.runner.execute(order, script, seconds=seconds, stop=stop, on_event=teller.tell)
        try:
            if stop.why == Hold.LOST:
                return True  # somebody else's now, or ended without us
            reason = execution.verdict.reason
            if reason and reason.is_infrastructure and _may_retry(order, lease, took=execution.ending.seconds):
                return False
            hold.concluding()
            self._conclude(order, lease, execution)
        finally:
            execution.close()
        return True

    def _conclude(self, order: TestOrder, lease: Lease, execution: Execution) -> None:
        """Store what the execution left, say how it ended, then show its report."""
        verdict = execution.verdict
        prefix = test_prefix(order.workspace_id, order.run_id, order.test_id)
        with ThreadPoolExecutor(3) as pool:
            # The report is made from the blob while that travels; it is read only after the verdict was told.
            report = pool.submit(execution.report)
            stored = [
                pool.submit(self.artifacts.put_file, f"{prefix}blob.zip", execution.blob),
                pool.submit(
                    self.artifacts.put_bytes,
                    f"{prefix}console.txt",
                    execution.console,
                    content_type="text/plain; charset=utf-8",
                ),
            ]
            for done in stored:
                done.result()
            result = TestResult(
                status=verdict.status,
                reason=verdict.reason,
                message=verdict.message,
                started_at=lease.started_at or _now(),
                ended_at=_now(),
                duration_ms=round(execution.ending.seconds * 1000),
                attempts=lease.attempt,
                cases=execution.cases,
                report=True,
                console_bytes=len(execution.console),
            )
            self._put(order, result)
            self._publish(order, report.result())

    def _not_ours(self, order: TestOrder, lease: Lease, extend: Callable[[int], None]) -> None:
        """Settle an order that could not be claimed: over, cancelled, or another's."""
        if lease.done:
            if lease.report == "pending":
                self._report_again(order)
            return
        if lease.until > _now():
            # Another worker has it. Should that one be lost, this message is the one that brings the test back.
            extend((lease.until - _now()) // 1000 + 1)
            raise TryAgainError(f"another worker holds it, on attempt {lease.attempt}")
        self._put(order, _ended(lease, TestStatus.CANCELLED, Reason.CANCELLED))

    def _report_again(self, order: TestOrder) -> None:
        """Make the report of a test whose worker was lost between its verdict and its report."""
        key = f"{test_prefix(order.workspace_id, order.run_id, order.test_id)}blob.zip"
        folder = Path(tempfile.mkdtemp(prefix="matinee-blob-"))
        try:
            blob = folder / "blob.zip"
            blob.write_bytes(self.artifacts.get_bytes(key))
            with self.runner.reporting() as warm:
                self._publish(order, warm.report(blob))
        except NotFoundError:
            self._publish(order, None)  # no blob, so no report
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _publish(self, order: TestOrder, report: Path | None) -> None:
        """Upload the report, then say that it is there; or that there is none, so that nobody waits for it."""
        if report is None:
            self.live.put_report(order.run_id, order.test_id, at=None)
            return
        # The trace viewer is the same for every report of one Playwright; report_proxy serves the stack's own copy.
        shutil.rmtree(report / "trace", ignore_errors=True)
        self.artifacts.upload_tree(f"{test_prefix(order.workspace_id, order.run_id, order.test_id)}report/", report)
        self.live.put_report(order.run_id, order.test_id, at=_now())

    def _put(self, order: TestOrder, result: TestResult) -> None:
        self.live.put_result(order.run_id, order.test_id, result)

    def _script(self, order: TestOrder) -> str:
        if order.script is not None:
            return order.script
        assert order.script_key is not None  # noqa: S101  # an order has one of the two
        return self.artifacts.get_bytes(order.script_key).decode()


def _may_retry(order: TestOrder, lease: Lease, *, took: float) -> bool:
    """Whether another attempt is allowed, and would come as far as this one, which took so many seconds."""
    left = ((lease.started_at or 0) + order.timeout_seconds * 1000 - _now()) / 1000
    return lease.attempt < MOST_ATTEMPTS and left > max(took, _LEAST_SECONDS)


def _ended(lease: Lease, status: TestStatus, reason: Reason) -> TestResult:
    """Compose the result of a test that did not run, or not to its end, and left nothing to report."""
    now = _now()
    return TestResult(
        status=status,
        reason=reason,
        message=ADVICE[reason],
        started_at=lease.started_at or now,
        ended_at=now,
        duration_ms=0,
        attempts=min(lease.attempt, MOST_ATTEMPTS),
        report=False,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
