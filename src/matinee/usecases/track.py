"""Copy what the live table says into Postgres, then tell the run's own events: what clients hear, a GET confirms."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matinee.model.clock import now_ms
from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.model.lease import Lease
from matinee.model.run import RunKind
from matinee.model.work import TestResult
from matinee.stores.live import LeaseItem, LiveTable, ReportItem, ResultItem, parse_record
from matinee.stores.rows import RunSummary, from_ms
from matinee.stores.tracking import Change, Tracking
from matinee.usecases.close import Closer
from matinee.usecases.milestones import end_events, event_of_test, run_event
from matinee.usecases.plan import Planner

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tracker:
    """Follows runs. Everything may be told to it twice, and late."""

    tracking: Tracking
    live: LiveTable
    planner: Planner
    closer: Closer

    def apply(self, new_image: Mapping[str, Any]) -> None:
        """Apply one record of the live table's stream, given as its new image.

        Raises:
            DatabaseUnavailableError, LiveUnavailableError: the record must come again. Nothing else: a record that
                can never be applied would block its shard, so it is logged and left to sweep.
        """
        run_id = new_image.get("pk", {}).get("S")
        try:
            self._apply(new_image)
        except (DatabaseUnavailableError, LiveUnavailableError):
            raise
        except NotFoundError:
            logger.info("the run was deleted; what is heard of it is dropped", extra={"run_id": run_id})
        except Exception:
            logger.exception("a stream record is left to sweep", extra={"run_id": run_id})

    def _apply(self, new_image: Mapping[str, Any]) -> None:
        match parse_record(new_image):
            case LeaseItem(run_id=run_id, test_id=test_id, lease=lease):
                self.claimed(run_id, test_id, lease)
            case ResultItem(run_id=run_id, test_id=test_id, result=result):
                self.ended(run_id, test_id, result)
            case ReportItem(run_id=run_id, at=at):
                self.reported(run_id, at=at)

    def claimed(self, run_id: str, test_id: str, lease: Lease) -> None:
        """A worker began the test."""
        if lease.started_at is None:  # nobody did: a cancellation was asked for
            return
        change = self.tracking.mark_running(run_id, test_id, at=from_ms(lease.started_at))
        run, test = change.run, change.test
        if run.status.is_terminal or test.status.is_terminal:
            return
        if test.started_at == run.started_at:  # the one that the run began with
            self.live.append_once(run_id, key="running", events=[run_event(run, at=now_ms())])
        if run.kind is RunKind.JOB:
            self.live.append_once(run_id, key=f"begun:{test_id}", events=[event_of_test(test, at=now_ms())])

    def ended(self, run_id: str, test_id: str, result: TestResult) -> None:
        """A test has its result; the last one's is followed by the run's verdict."""
        change = self.tracking.finish_test(run_id, test_id, result)
        ids = {"run_id": run_id, "test_id": test_id}
        logger.info("a test has ended: %s; the run is %s", result.status, change.run.status, extra=ids)
        if not change.run.end_said_at:
            self._tell_end(change, result)
        if change.made_room:
            self.planner.fill(change.run.workspace_id)

    def _tell_end(self, change: Change, result: TestResult) -> None:
        if change.run.kind is RunKind.JOB:
            self._ended_in_job(change)
        elif change.run.status.is_terminal:
            self._ended_alone(change.run, report=result.report)

    def _ended_alone(self, run: RunSummary, *, report: bool) -> None:
        """The end comes with its report, or at once if none follows."""
        verdict = run_event(run, at=now_ms())
        if report:
            self.live.append_once(run.id, key="verdict", events=[verdict])
        else:
            self.live.append_once(run.id, key="verdict", events=[verdict, *end_events(run, at=now_ms())])
            self.tracking.mark_end_said(run.id, at=datetime.now(UTC))

    def _ended_in_job(self, change: Change) -> None:
        """Its place is free for the next test; or it was the last, and the run's report can be made."""
        run, test = change.run, change.test
        events = [event_of_test(test, at=now_ms())]
        if not run.status.is_terminal:
            events.append(run_event(run, at=now_ms()))
        self.live.append_once(run.id, key=f"ended:{test.id}", events=events)
        if not run.status.is_terminal:
            self.planner.advance(run.id)
        # The same record may come again because this broke off, but those of all other tests may, too: of those that
        # find the run over, one at most shall have its report made once more. What that does not catch, sweep does.
        elif change.closed or test.ended_at == run.ended_at:
            self.closer.settle(run.id)

    def reported(self, run_id: str, *, at: int | None) -> None:
        """The run's report can be read since `at` (ms since the epoch), or, with None, there will be none."""
        run = self.tracking.mark_report(run_id, at=None if at is None else from_ms(at))
        if run.status.is_terminal and not run.end_said_at:
            self.closer.end(run)
