"""What follows when a run is over: its verdict, of a job's run the order for its report, and the end of its story."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from matinee.model.clock import now_ms
from matinee.model.run import RunTrigger
from matinee.model.work import RunOrder
from matinee.stores.artifacts import Artifacts, manifest_key
from matinee.stores.live import LiveTable
from matinee.stores.queues import Queue
from matinee.stores.rows import Run, RunSummary, RunTest, to_ms
from matinee.stores.tracking import Tracking
from matinee.usecases.milestones import end_events, event_of_test, run_event

#: So many tests that ended together are told in one write, which may have 200 KB.
_TOLD_AT_ONCE = 100


@dataclass(frozen=True)
class Closer:
    """Concludes runs. Every step may be repeated; whoever is interrupted leaves the rest to a repetition, or to sweep."""

    tracking: Tracking
    live: LiveTable
    artifacts: Artifacts
    reports: Queue[RunOrder]
    jobs: Queue[RunOrder]

    def unsent_ended(self, run_id: str) -> None:
        """Tell that a job's run has no unsent tests any more: they ended together. It may be over with that."""
        run = self.tracking.get(run_id)
        if run.status.is_terminal:
            self._settle(run)
        else:
            self._tell_unsent(run)

    def settle(self, run_id: str) -> None:
        """A job's run has ended: tell its verdict, and let its report be made; the end follows that."""
        self._settle(self.tracking.get(run_id))

    def tell_ends(self, run_id: str) -> None:
        """Tell of each test of a job's ended run that it ended, unless that was told: whoever noted it may have broken off then."""
        run = self.tracking.get(run_id)
        told = self.live.said(run_id, kind="ended")
        for test in run.tests:
            if (test.sent_at or test.attempts) and test.id not in told:
                self.live.append_once(run_id, key=f"ended:{test.id}", events=[event_of_test(test, at=now_ms())])

    def end(self, run: RunSummary) -> None:
        """Tell what is left of an ended run's story: that no more will come, and the verdict if that was not heard."""
        self.live.append_once(run.id, key="verdict", events=[run_event(run, at=now_ms())])
        self.live.append_once(run.id, key="end", events=end_events(run, at=now_ms()))
        self.tracking.mark_end_said(run.id, at=datetime.now(UTC))

    def _settle(self, run: Run) -> None:
        self._tell_unsent(run)
        self.live.append_once(run.id, key="verdict", events=[run_event(run, at=now_ms())])
        manifest = json.dumps(_manifest(run), ensure_ascii=True).encode()
        key = manifest_key(run.workspace_id, run.id)
        self.artifacts.put_bytes(key, manifest, content_type="application/json")
        self.reports.send(RunOrder(workspace_id=run.workspace_id, run_id=run.id))
        if run.trigger is RunTrigger.SCHEDULE and run.job_id and (waiting := self.tracking.next_in_line(run.job_id)):
            self.jobs.send(waiting)

    def _tell_unsent(self, run: Run) -> None:
        """Tell, once, of the tests that nobody was sent. They ended in one moment, so each batch is the same every time."""
        unsent = [test for test in run.tests if not (test.sent_at or test.attempts) and test.status.is_terminal]
        at = now_ms()
        for first in range(0, len(unsent), _TOLD_AT_ONCE):
            events = [event_of_test(test, at=at) for test in unsent[first : first + _TOLD_AT_ONCE]]
            self.live.append_once(run.id, key=f"unsent:{first}", events=events)
        if unsent and not run.status.is_terminal:
            self.live.append_once(run.id, key="unsent", events=[run_event(run, at=at)])


def _manifest(run: Run) -> Mapping[str, Any]:
    """Give what merge_report must know of the run, for it reaches no database; times in ms."""
    return {"title": run.title, "tests": [_entry(test) for test in run.tests]}


def _entry(test: RunTest) -> Mapping[str, Any]:
    entry = {
        "id": test.id,
        "title": test.title,
        "status": test.status.value,
        "reason": test.reason,
        "message": test.message,
        "startedAt": to_ms(test.started_at) if test.started_at else None,
        "durationMs": test.duration_ms,
        "attempts": test.attempts,
    }
    return {name: value for name, value in entry.items() if value is not None}
