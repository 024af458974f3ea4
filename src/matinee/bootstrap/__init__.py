"""The one wiring: settings to clients to stores to use cases, the same in Lambda, locally and in tests.

Each is built when it is first asked for and lives as long as the process.
"""

from matinee import settings
from matinee.bootstrap.programs import parser, place, reports, runner
from matinee.bootstrap.stores import (
    alarm_clock,
    api_keys,
    artifacts,
    audit,
    database,
    deletions,
    figures,
    issuer,
    job_queue,
    jobs,
    keys,
    live,
    members,
    report_queue,
    runs,
    scheduler,
    schedules,
    sessions,
    sources,
    sqs,
    sweeps,
    test_queue,
    tests,
    ticks,
    tracking,
    trigger_keys,
    workspaces,
)
from matinee.bootstrap.usecases import (
    canceller,
    closer,
    console,
    dead_letters,
    deleter,
    dispatch,
    launcher,
    library,
    mender,
    merger,
    planner,
    purger,
    rerunner,
    rest,
    starter,
    submitter,
    sweeper,
    ticker,
    timekeeper,
    tracker,
)

__all__ = [
    "alarm_clock",
    "api_keys",
    "artifacts",
    "audit",
    "canceller",
    "closer",
    "console",
    "database",
    "dead_letters",
    "deleter",
    "deletions",
    "dispatch",
    "figures",
    "issuer",
    "job_queue",
    "jobs",
    "keys",
    "launcher",
    "library",
    "live",
    "members",
    "mender",
    "merger",
    "parser",
    "place",
    "planner",
    "purger",
    "report_queue",
    "reports",
    "rerunner",
    "reset",
    "rest",
    "runner",
    "runs",
    "scheduler",
    "schedules",
    "sessions",
    "sources",
    "sqs",
    "starter",
    "submitter",
    "sweeper",
    "sweeps",
    "test_queue",
    "tests",
    "ticker",
    "ticks",
    "timekeeper",
    "tracker",
    "tracking",
    "trigger_keys",
    "workspaces",
]


def reset() -> None:
    """Forget all that was built and read, and close it; the next call builds anew. The parser stays: it knows no place."""
    if database.built:
        database.built.close()
    stores = (live, alarm_clock, artifacts, sqs, test_queue, job_queue, report_queue, database, runs, tracking, keys)
    for part in (*stores, schedules, ticks, sweeps, scheduler, issuer):
        part.forget()
    settings.load.cache_clear()
