"""What a workspace's runs came to, as the API shows it."""

from datetime import date, datetime

from pydantic import Field

from matinee.http.schemas.shape import Shape
from matinee.model.run import TestStatus


class Tally(Shape):
    """How runs, or tests of runs, ended."""

    total: int = Field(description="All that ended.")
    passed: int
    failed: int
    flaky: int = Field(description="Of tests: passed on a retry. No run is.")
    error: int
    timed_out: int
    cancelled: int
    skipped: int = Field(description="Of tests. No run is.")
    pass_rate: float | None = Field(
        default=None,
        description="Passed, or flaky, of those that were neither skipped nor cancelled; none if there are none.",
    )
    p50_ms: int | None = Field(default=None, description="Half of those that were begun took so long, or less.")
    p95_ms: int | None = Field(default=None, description="19 of 20 took so long, or less.")


class Tallies(Shape):
    """Runs, and the tests of all runs."""

    runs: Tally
    tests: Tally


class Day(Tallies):
    """What ended on one day."""

    date: date


class TestFigures(Shape):
    """What the results of one saved test came to, but for those where it was skipped or cancelled."""

    __test__ = False

    test_id: str
    title: str
    runs: int
    passed: int
    flaky: int
    failed: int
    error: int
    timed_out: int
    p50_ms: int | None = None
    p95_ms: int | None = None
    last_status: TestStatus
    last_run_id: str
    last_at: datetime


class NextTick(Shape):
    """A time at which a job will run by itself."""

    job_id: str
    name: str = Field(description="The job's.")
    at: datetime = Field(description="In UTC.")
    local: datetime = Field(description="The same in the schedule's time zone.")
    words: str = Field(description="The schedule's expression in words.")


class Statistics(Tallies):
    """What ended on the last days, today among them."""

    days: int
    timezone: str
    since: datetime = Field(description="The midnight at which the first day began.")
    until: datetime = Field(description="The midnight at which today will be over.")
    previous: Tallies = Field(description="The same for as many days before.")
    series: list[Day] = Field(description="Each of the days, oldest first.")
    slowest: list[TestFigures] = Field(description="Five saved tests at most, by `p95Ms`.")
    flakiest: list[TestFigures] = Field(description="Five at most that were flaky, by how often of how many runs.")
    failing: list[TestFigures] = Field(
        description="Five at most that failed, erred or timed out, by how often of how many runs."
    )
    next: list[NextTick] = Field(description="The next ten times of all enabled schedules, soonest first.")
