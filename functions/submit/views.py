"""Runs, jobs and schedules as the API shows them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any

from matinee.http import links, schemas
from matinee.model.cron import Timetable
from matinee.model.run import ADVICE, Reason, RunKind
from matinee.stores.jobs import Job, JobSummary
from matinee.stores.rows import Run, RunSummary
from matinee.stores.schedules import Schedule
from matinee.stores.ticks import Tick

_NEXT = 10


def accepted(run: Run) -> schemas.TestAccepted:
    """Show a run that was just submitted, with the report's link though nothing is there yet: people open it early."""
    report = links.report_path(run.kind, run.id)
    with_report = _links(run).model_copy(update={"report": report})
    return schemas.TestAccepted(test_id=run.id, status=run.status, links=with_report)


def run_accepted(run: Run) -> schemas.RunAccepted:
    """Show a run that was just made of what is saved, its report's link as in `accepted`."""
    report = links.report_path(run.kind, run.id)
    return schemas.RunAccepted(
        run_id=run.id,
        job_id=run.job_id,
        test_id=run.tests[0].saved_test_id if run.kind is RunKind.TEST else None,
        status=run.status,
        links=_links(run).model_copy(update={"report": report}),
    )


def shown(run: Run, *, ahead: int | None = None) -> schemas.Run:
    """Show a run and its tests; `ahead` of it so many tests wait."""
    tests = [{**vars(test), "advice": _advice(test.reason)} for test in run.tests]
    position = None if ahead is None else ahead + 1
    return schemas.Run.model_validate({**_summary(run), "queue_position": position, "tests": tests})


def summary(run: RunSummary) -> schemas.RunSummary:
    """Show a run in a list."""
    return schemas.RunSummary.model_validate(_summary(run))


def _summary(run: RunSummary) -> dict[str, Any]:
    return {**vars(run), "advice": _advice(run.reason), "links": _links(run)}


def _advice(reason: Reason | None) -> str | None:
    return ADVICE[reason] if reason else None


def _links(run: RunSummary) -> schemas.RunLinks:
    made = run.report_at is not None
    return schemas.RunLinks(
        self=links.run_path(run.id),
        events=links.events_path(run.kind, run.id),
        report=links.report_path(run.kind, run.id) if made else None,
        junit=links.junit_path(run.kind, run.id) if made else None,
        results=links.results_path(run.kind, run.id) if made else None,
        console=links.console_path(run.id),
    )


def job(found: Job, *, failing: Collection[str]) -> schemas.Job:
    """Show a job; `failing` has its id if its schedule does not start what it should."""
    return schemas.Job.model_validate({**vars(found), "schedule": _schedule(found, failing)})


def job_summary(found: JobSummary, *, failing: Collection[str]) -> schemas.JobSummary:
    """Show a job in a list; `failing` as for `job`."""
    return schemas.JobSummary.model_validate({**vars(found), "schedule": _schedule(found, failing)})


def schedule_details(schedule: Schedule, ticks: Sequence[Tick], *, failing: bool) -> schemas.ScheduleDetails:
    """Show a schedule with its next times and its last ticks."""
    now = datetime.now(UTC)
    times = schedule.plan.after(now) if schedule.enabled else iter(())
    return schemas.ScheduleDetails.model_validate(
        {
            **_shown(schedule, failing=failing, now=now),
            "next": _fire_times(schedule.plan.timetable, times),
            "irregular": _irregular(schedule.plan.timetable, now=now),
            "ticks": ticks,
        }
    )


def preview(timetable: Timetable, *, now: datetime) -> schemas.Preview:
    """Show what an expression means."""
    return schemas.Preview(
        words=timetable.words,
        next=_fire_times(timetable, timetable.after(now)),
        irregular=_irregular(timetable, now=now),
        expressions=list(timetable.expressions),
    )


def upcoming(named: Mapping[str, Schedule], *, now: datetime) -> list[schemas.NextTick]:
    """Show the next times of all these schedules, by the names of their jobs."""
    ticks = merge(*(_ticks(name, schedule, now) for name, schedule in named.items()), key=lambda tick: tick.at)
    return list(islice(ticks, _NEXT))


def _ticks(name: str, schedule: Schedule, now: datetime) -> Iterator[schemas.NextTick]:
    plan = schedule.plan
    for at in plan.after(now):
        local = at.astimezone(plan.timetable.zone)
        yield schemas.NextTick(job_id=schedule.job_id, name=name, at=at, local=local, words=plan.timetable.words)


def _schedule(found: JobSummary, failing: Collection[str]) -> dict[str, Any] | None:
    if found.schedule is None:
        return None
    return _shown(found.schedule, failing=found.id in failing, now=datetime.now(UTC))


def _shown(schedule: Schedule, *, failing: bool, now: datetime) -> dict[str, Any]:
    following = next(schedule.plan.after(now), None) if schedule.enabled else None
    return {**vars(schedule), "words": schedule.plan.timetable.words, "next_at": following, "failing": failing}


def _fire_times(timetable: Timetable, times: Iterator[datetime]) -> list[schemas.FireTime]:
    return [schemas.FireTime(at=at, local=at.astimezone(timetable.zone)) for at in islice(times, _NEXT)]


def _irregular(timetable: Timetable, *, now: datetime) -> list[schemas.IrregularTime]:
    found = timetable.irregular(now, now + timedelta(days=366))
    return [schemas.IrregularTime(local=each.local.isoformat(), what=each.what) for each in found]
