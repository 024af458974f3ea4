"""Stores to use cases."""
# ruff: noqa: PLC0415 - imports stand inside: a function loads only what it uses, and run_test has no Postgres driver

from datetime import timedelta
from typing import TYPE_CHECKING

from matinee import settings
from matinee.bootstrap.programs import parser, reports
from matinee.bootstrap.stores import (
    alarm_clock,
    api_keys,
    artifacts,
    audit,
    deletions,
    job_queue,
    jobs,
    keys,
    limits,
    live,
    of_runs,
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
    vault,
)

if TYPE_CHECKING:
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
    from matinee.usecases.rest import Rest
    from matinee.usecases.schedule import Timekeeper
    from matinee.usecases.start import Starter
    from matinee.usecases.submit import Submitter
    from matinee.usecases.sweep import Sweeper
    from matinee.usecases.tick import Ticker
    from matinee.usecases.track import Tracker


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

    return Launcher(runs(), live(), dispatch(), job_queue(), planner(), vault)


def timekeeper() -> "Timekeeper":
    """Give what keeps EventBridge Scheduler in step."""
    from matinee.usecases.schedule import Timekeeper

    return Timekeeper(schedules(), scheduler())


def ticker() -> "Ticker":
    """Give what takes schedules' ticks."""
    from matinee.usecases.tick import Ticker

    return Ticker(schedules(), ticks(), runs(), starter(), launcher(), canceller())


def starter() -> "Starter":
    """Give what runs saved tests and jobs."""
    from matinee.usecases.start import Starter

    return Starter(jobs(), sources(), parser, launcher())


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

    return Planner(tracking(), limits(), live(), dispatch(), closer())


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
    jobs, reports = of_runs(urls.job_dead_queue_url), of_runs(urls.report_dead_queue_url)
    return DeadLetters(tracking(), live(), tests, jobs, reports)


def rest() -> "Rest":
    """Give what knows whether sweep is needed."""
    from matinee.usecases.rest import Rest

    longest = timedelta(seconds=settings.load(settings.RestSettings).matinee_sweep_rests_s)
    return Rest(alarm_clock(), tracking(), schedules(), longest)


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
        api_keys(),
        sessions(),
        audit(),
        limits(),
        mender(),
        dead_letters(),
        deletions(),
        purger(),
        ticks(),
        sweeps(),
        accountant,
        keep,
    )
