"""The one wiring: settings to clients to stores to use cases, the same in Lambda, locally and in tests.

Each is built when it is first asked for and lives as long as the process.
"""
# ruff: noqa: PLC0415 - imports stand inside: a function loads only what it uses, and run_test has no Postgres driver

from collections.abc import Callable
from datetime import timedelta
from functools import update_wrapper
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from matinee import settings

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_sqs import SQSClient

    from matinee.model.work import RunOrder, TestOrder
    from matinee.runner.execution import Runner
    from matinee.runner.report import ReportStep
    from matinee.runner.warm import Place
    from matinee.stores.artifacts import Artifacts
    from matinee.stores.deletions import Deletions
    from matinee.stores.jobs import Jobs
    from matinee.stores.keys import Keys
    from matinee.stores.live import LiveTable
    from matinee.stores.postgres import Database
    from matinee.stores.queues import Queue
    from matinee.stores.runs import Runs
    from matinee.stores.scheduler import Scheduler
    from matinee.stores.schedules import Schedules
    from matinee.stores.sources import Sources
    from matinee.stores.tests import Tests
    from matinee.stores.tracking import Tracking
    from matinee.stores.trigger_keys import TriggerKeys
    from matinee.usecases.cancel import Canceller
    from matinee.usecases.close import Closer
    from matinee.usecases.console import Console
    from matinee.usecases.dead import DeadLetters
    from matinee.usecases.delete import Deleter
    from matinee.usecases.dispatch import Dispatch
    from matinee.usecases.launch import Launcher
    from matinee.usecases.library import Library
    from matinee.usecases.mend import Mender
    from matinee.usecases.merge import Merger
    from matinee.usecases.plan import Planner
    from matinee.usecases.purge import Purger
    from matinee.usecases.rerun import Rerunner
    from matinee.usecases.schedule import Timekeeper
    from matinee.usecases.start import Starter
    from matinee.usecases.submit import Submitter
    from matinee.usecases.sweep import Sweeper
    from matinee.usecases.syntax import Parser
    from matinee.usecases.tick import Ticker
    from matinee.usecases.track import Tracker

_T = TypeVar("_T")

#: boto3 cannot make two clients at once, and of each part one is meant to be.
_building = RLock()


class _Part(Generic[_T]):
    """A part that is built by the first call, and given by every other."""

    def __init__(self, build: Callable[[], _T]) -> None:
        self._build = build
        self.built: _T | None = None
        update_wrapper(self, build)

    def __call__(self) -> _T:
        """Give the part."""
        with _building:
            if self.built is None:
                self.built = self._build()
            return self.built

    def forget(self) -> None:
        """Build it anew when it is asked for again."""
        self.built = None


@_Part
def live() -> "LiveTable":
    """Give the live table."""
    import boto3

    from matinee.stores.live import LiveTable

    return LiveTable(boto3.client("dynamodb", config=_aws()), table=settings.load(settings.LiveSettings).live_table)


@_Part
def artifacts() -> "Artifacts":
    """Give the artifacts bucket."""
    import boto3

    from matinee.stores.artifacts import Artifacts

    bucket = settings.load(settings.ArtifactSettings).artifacts_bucket
    return Artifacts(boto3.client("s3", config=_aws()), bucket=bucket)


@_Part
def sqs() -> "SQSClient":
    """Give what talks to queues."""
    import boto3

    return boto3.client("sqs", config=_aws())


@_Part
def test_queue() -> "Queue[TestOrder]":
    """Give the queue test-execution."""
    from matinee.model.work import TestOrder
    from matinee.stores.queues import Queue

    return Queue(sqs(), url=settings.load(settings.TestQueueSettings).test_queue_url, kind=TestOrder)


@_Part
def job_queue() -> "Queue[RunOrder]":
    """Give the queue job-execution."""
    return _of_runs(settings.load(settings.JobQueueSettings).job_queue_url)


@_Part
def report_queue() -> "Queue[RunOrder]":
    """Give the queue report-merge."""
    return _of_runs(settings.load(settings.ReportQueueSettings).report_queue_url)


def _of_runs(url: str) -> "Queue[RunOrder]":
    from matinee.model.work import RunOrder
    from matinee.stores.queues import Queue

    return Queue(sqs(), url=url, kind=RunOrder)


@_Part
def database() -> "Database":
    """Give Postgres."""
    from matinee.stores.postgres import Database

    return Database(settings.load(settings.DatabaseSettings).database_url)


@_Part
def runs() -> "Runs":
    """Give the runs in Postgres."""
    from matinee.stores.runs import Runs

    return Runs(database())


@_Part
def tracking() -> "Tracking":
    """Give what follows runs in Postgres."""
    from matinee.stores.tracking import Tracking

    return Tracking(database())


def tests() -> "Tests":
    """Give the saved tests in Postgres."""
    from matinee.stores.tests import Tests

    return Tests(database())


def jobs() -> "Jobs":
    """Give the jobs in Postgres."""
    from matinee.stores.jobs import Jobs

    return Jobs(database())


def sources() -> "Sources":
    """Give what reads the scripts in Postgres."""
    from matinee.stores.sources import Sources

    return Sources(database())


def deletions() -> "Deletions":
    """Give what deletes runs and jobs in Postgres."""
    from matinee.stores.deletions import Deletions

    return Deletions(database())


@_Part
def keys() -> "Keys":
    """Give the API keys and tickets in Postgres."""
    from matinee.stores.keys import Keys

    return Keys(database())


def trigger_keys() -> "TriggerKeys":
    """Give the trigger keys in Postgres."""
    from matinee.stores.trigger_keys import TriggerKeys

    return TriggerKeys(database())


@_Part
def place() -> "Place":
    """Give where and how programs of the pinned runtime run on this machine."""
    from matinee.runner.sandbox import choose
    from matinee.runner.warm import Place

    told = settings.load(settings.RunnerSettings)
    return Place(
        runtime=Path(told.matinee_runtime).resolve(),
        sandbox=choose(told.matinee_sandbox),
        memory_bytes=told.matinee_memory_mb << 20,
    )


@_Part
def runner() -> "Runner":
    """Give what executes scripts on this machine."""
    from matinee.runner.execution import Runner

    return Runner(place())


@_Part
def reports() -> "ReportStep":
    """Give what makes reports on this machine."""
    from matinee.runner.report import ReportStep

    return ReportStep(place())


@_Part
def parser() -> "Parser":
    """Give the parser of scripts."""
    from matinee.usecases.syntax import Parser

    return Parser(Path(settings.load(settings.ParserSettings).matinee_parser))


def dispatch() -> "Dispatch":
    """Give what sends orders."""
    from matinee.usecases.dispatch import Dispatch

    return Dispatch(tracking(), test_queue(), artifacts())


def submitter() -> "Submitter":
    """Give what takes scripts."""
    from matinee.usecases.submit import Submitter

    return Submitter(launcher(), parser())


def launcher() -> "Launcher":
    """Give what makes runs and queues them."""
    from matinee.usecases.launch import Launcher

    return Launcher(runs(), live(), dispatch(), job_queue())


@_Part
def schedules() -> "Schedules":
    """Give the schedules in Postgres."""
    from matinee.stores.schedules import Schedules

    return Schedules(database())


@_Part
def scheduler() -> "Scheduler":
    """Give EventBridge Scheduler."""
    import boto3

    from matinee.stores.scheduler import Scheduler

    told = settings.load(settings.SchedulerSettings)
    return Scheduler(
        boto3.client("scheduler", config=_aws()),
        group=told.schedule_group,
        target_arn=told.schedule_target_arn,
        role_arn=told.schedule_role_arn,
    )


def timekeeper() -> "Timekeeper":
    """Give what keeps EventBridge Scheduler in step."""
    from matinee.usecases.schedule import Timekeeper

    return Timekeeper(schedules(), scheduler())


def ticker() -> "Ticker":
    """Give what takes schedules' ticks."""
    from matinee.usecases.tick import Ticker

    return Ticker(schedules(), runs(), starter(), launcher(), canceller())


def starter() -> "Starter":
    """Give what runs saved tests and jobs."""
    from matinee.usecases.start import Starter

    return Starter(jobs(), sources(), parser(), launcher())


def rerunner() -> "Rerunner":
    """Give what runs runs again."""
    from matinee.usecases.rerun import Rerunner

    return Rerunner(runs(), sources(), launcher())


def library() -> "Library":
    """Give what saves tests."""
    from matinee.usecases.library import Library

    return Library(tests(), parser())


def purger() -> "Purger":
    """Give what forgets deleted runs."""
    from matinee.usecases.purge import Purger

    return Purger(deletions(), live(), artifacts())


def deleter() -> "Deleter":
    """Give what deletes runs and jobs."""
    from matinee.usecases.delete import Deleter

    return Deleter(deletions(), purger())


def closer() -> "Closer":
    """Give what concludes runs."""
    from matinee.usecases.close import Closer

    return Closer(tracking(), live(), artifacts(), report_queue(), job_queue())


def planner() -> "Planner":
    """Give what sends the tests of jobs."""
    from matinee.usecases.plan import Planner

    return Planner(tracking(), live(), dispatch(), closer())


def canceller() -> "Canceller":
    """Give what stops runs."""
    from matinee.usecases.cancel import Canceller

    return Canceller(tracking(), live(), closer())


def console() -> "Console":
    """Give what reads consoles."""
    from matinee.usecases.console import Console

    return Console(live(), artifacts())


def merger() -> "Merger":
    """Give what makes the reports of jobs."""
    from matinee.usecases.merge import Merger

    return Merger(live=live(), artifacts=artifacts(), reports=reports())


def tracker() -> "Tracker":
    """Give what follows the live table's stream."""
    from matinee.usecases.track import Tracker

    return Tracker(tracking(), live(), planner(), closer())


def mender() -> "Mender":
    """Give what mends runs."""
    from matinee.usecases.mend import Mender

    return Mender(runs(), tracking(), live(), dispatch(), planner(), tracker(), canceller(), closer(), job_queue())


def dead_letters() -> "DeadLetters":
    """Give what clears the queues of the dead."""
    from matinee.model.work import TestOrder
    from matinee.stores.queues import Queue
    from matinee.usecases.dead import DeadLetters

    urls = settings.load(settings.DeadQueueSettings)
    tests = Queue(sqs(), url=urls.test_dead_queue_url, kind=TestOrder)
    jobs, reports = _of_runs(urls.job_dead_queue_url), _of_runs(urls.report_dead_queue_url)
    return DeadLetters(tracking(), live(), tests, jobs, reports)


def sweeper() -> "Sweeper":
    """Give what comes every minute."""
    from matinee.usecases.schedule import Accountant
    from matinee.usecases.sweep import Sweeper

    accountant = Accountant(timekeeper(), ticker())
    keep = timedelta(days=settings.load(settings.RetentionSettings).matinee_retention_days)
    return Sweeper(
        runs(),
        tracking(),
        keys(),
        mender(),
        dead_letters(),
        deletions(),
        purger(),
        schedules(),
        accountant,
        keep,
    )


def reset() -> None:
    """Forget all that was built and read, and close it; the next call builds anew. The parser stays: it knows no place."""
    if database.built:
        database.built.close()
    stores = (live, artifacts, sqs, test_queue, job_queue, report_queue, database, runs, tracking, keys)
    for part in (*stores, schedules, scheduler):
        part.forget()
    settings.load.cache_clear()


def _aws() -> "Config":
    """Bound every AWS call: a store that does not answer must not eat a function's whole time."""
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,  # report_proxy and uploads work on many objects at once
        s3={"addressing_style": "path"},  # bucket names below localhost resolve nowhere
    )
