"""A run's events as they can be told from Postgres, when the live table has forgotten them."""

from collections.abc import Iterator
from dataclasses import replace

from matinee.model.run import Counts, RunKind, RunStatus
from matinee.model.work import Case, Event
from matinee.stores.rows import Run, RunTest, to_ms
from matinee.usecases.milestones import end_events, event_of_test, run_event


def story(run: Run) -> Iterator[Event]:
    """Tell a run that has ended: its statuses, its tests as they ended, its report, the end. The same each time."""
    ended = to_ms(run.ended_at or run.created_at)
    open_run = replace(run, counts=Counts(total=run.counts.total), reason=None, message=None, duration_ms=None)
    yield run_event(replace(open_run, status=RunStatus.QUEUED), at=to_ms(run.created_at))
    if run.started_at:
        yield run_event(replace(open_run, status=RunStatus.RUNNING), at=to_ms(run.started_at))
    for test in sorted(run.tests, key=lambda test: test.ended_at or run.created_at):
        at = to_ms(test.ended_at) if test.ended_at else ended
        yield from (_case_event(test, str(position), case, at=at) for position, case in enumerate(test.cases))
        if run.kind is RunKind.JOB:
            yield event_of_test(test, at=at)
    yield run_event(run, at=ended)
    yield from end_events(run, at=to_ms(run.report_at) if run.report_at else ended)


def _case_event(test: RunTest, case_id: str, case: Case, *, at: int) -> Event:
    data = {
        "testId": test.id,
        "caseId": case_id,
        "title": case.title,
        "status": case.status.value,
        "durationMs": case.duration_ms,
        "attempt": case.attempts,
    }
    return Event(type="test", at=at, data=data | ({"message": case.message} if case.message else {}))
