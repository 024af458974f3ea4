"""Copy what the live table says into Postgres, then tell the run's own events: what clients hear, a GET confirms."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError, NotFoundError
from matinee.model.lease import Lease
from matinee.model.work import TestResult
from matinee.stores.live import LeaseItem, LiveTable, ReportItem, ResultItem, parse_record
from matinee.stores.rows import Run, from_ms
from matinee.stores.runs import Runs
from matinee.usecases.milestones import end_events, now_ms, run_event

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tracker:
    """Follows runs. Everything may be told to it twice, and late."""

    runs: Runs
    live: LiveTable

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
            logger.info("run %s was deleted; what is heard of it is dropped", run_id)
        except Exception:
            logger.exception("run %s: a stream record is left to sweep", run_id)

    def _apply(self, new_image: Mapping[str, Any]) -> None:
        match parse_record(new_image):
            case LeaseItem(run_id=run_id, test_id=test_id, lease=lease):
                self.claimed(run_id, test_id, lease)
            case ResultItem(run_id=run_id, test_id=test_id, result=result, log_end=log_end):
                self.live.learn(run_id, log_end)
                self.ended(run_id, test_id, result)
            case ReportItem(run_id=run_id, at=at, log_end=log_end):
                self.live.learn(run_id, log_end)
                self.reported(run_id, at=at)

    def claimed(self, run_id: str, test_id: str, lease: Lease) -> None:
        """A worker began the test."""
        if lease.started_at is None:  # nobody did: a cancellation was asked for
            return
        run = self.runs.mark_running(run_id, test_id, at=from_ms(lease.started_at))
        if not run.status.is_terminal:
            self.live.append_once(run_id, key="running", events=[run_event(run, at=now_ms())])

    def ended(self, run_id: str, test_id: str, result: TestResult) -> None:
        """A test has its result; the last one's is followed by the run's verdict, and the end if no report follows."""
        run = self.runs.finish_test(run_id, test_id, result)
        if not run.status.is_terminal or run.end_said_at:
            return
        verdict = run_event(run, at=now_ms())
        if result.report:
            self.live.append_once(run_id, key="verdict", events=[verdict])
        else:
            self.live.append_once(run_id, key="verdict", events=[verdict, *end_events(run, at=now_ms())])
            self.runs.mark_end_said(run_id, at=datetime.now(UTC))

    def reported(self, run_id: str, *, at: int | None) -> None:
        """The run's report can be read since `at` (ms since the epoch), or, with None, there will be none."""
        run = self.runs.mark_report(run_id, at=None if at is None else from_ms(at))
        if run.status.is_terminal and not run.end_said_at:
            self.end(run)

    def end(self, run: Run) -> None:
        """Tell what is left of an ended run's story: that no more will come, and the verdict if that was not heard."""
        self.live.append_once(run.id, key="verdict", events=[run_event(run, at=now_ms())])
        self.live.append_once(run.id, key="end", events=end_events(run, at=now_ms()))
        self.runs.mark_end_said(run.id, at=datetime.now(UTC))
