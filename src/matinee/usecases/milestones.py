"""A run's own events: what its log says of it beside what its tests say (docs/architecture.md, section 5)."""

from collections.abc import Sequence
from typing import Any

from matinee.http import links
from matinee.model.work import Event
from matinee.stores.rows import RunSummary, RunTest


def run_event(run: RunSummary, *, at: int) -> Event:
    """Say where the run stands; once it ended, also why and after how long."""
    more = {"reason": run.reason, "message": run.message, "durationMs": run.duration_ms}
    data: dict[str, Any] = {"status": run.status.value, "counts": run.counts.model_dump()}
    return Event(type="run", at=at, data=data | {name: value for name, value in more.items() if value is not None})


def event_of_test(test: RunTest, *, at: int) -> Event:
    """Say where one test of a job's run stands; once it ended, also after how many attempts, how long, and why."""
    data: dict[str, Any] = {"testId": test.id, "title": test.title, "status": test.status.value}
    if test.status.is_terminal:
        more = {
            "attempts": test.attempts,
            "reason": test.reason,
            "message": test.message,
            "durationMs": test.duration_ms,
        }
        data |= {name: value for name, value in more.items() if value is not None}
    return Event(type="test", at=at, data=data)


def end_events(run: RunSummary, *, at: int) -> Sequence[Event]:
    """Say where the report is, if there is one, and that nothing comes after this."""
    report = Event(type="report", at=at, data={"url": links.report_path(run.kind, run.id)})
    end = Event(type="end", at=at, data={"status": run.status.value})
    return [report, end] if run.report_at else [end]
