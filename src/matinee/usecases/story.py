"""A run's events as they can be told from Postgres, when the live table has forgotten them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from matinee.model.run import RunStatus
from matinee.model.work import Event
from matinee.stores.rows import to_ms
from matinee.stores.runs import Run


def story(run: Run) -> Iterator[Event]:
    """Tell a run that has ended: its statuses, each of its tests' cases, its report, the end. The same each time."""
    ended = run.ended_at or run.created_at
    waiting = {**dict.fromkeys(type(run.counts).model_fields, 0), "total": run.counts.total}
    yield _event("run", run.created_at, status=RunStatus.QUEUED, counts=waiting)
    if run.started_at:
        yield _event("run", run.started_at, status=RunStatus.RUNNING, counts=waiting)
    for test in run.tests:
        for position, case in enumerate(test.cases):
            yield _event(
                "test",
                test.ended_at or ended,
                testId=test.id,
                caseId=str(position),
                title=case.title,
                status=case.status,
                durationMs=case.duration_ms,
                attempt=case.attempts,
                message=case.message,
            )
    yield _event(
        "run",
        ended,
        status=run.status,
        counts=run.counts.model_dump(),
        reason=run.reason,
        message=run.message,
        durationMs=run.duration_ms,
    )
    if run.report_at:
        yield _event("report", run.report_at, url=f"/api/test-results/tests/{run.id}/report/")
    yield _event("end", run.end_said_at or ended, status=run.status)


def _event(kind: Any, moment: datetime, **data: Any) -> Event:
    return Event(type=kind, at=to_ms(moment), data={name: value for name, value in data.items() if value is not None})
