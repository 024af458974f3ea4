"""Runs as the API takes and shows them."""

from datetime import datetime

from pydantic import Field

from matinee.http.schemas.shape import (
    BaseUrl,
    GivenLanguage,
    Request,
    Retries,
    Script,
    Seconds,
    Shape,
    Title,
    Variables,
)
from matinee.model.library import Only
from matinee.model.run import Counts, Reason, RunKind, RunStatus, RunTrigger, TestStatus


class HowRequest(Request):
    """How to run one script."""

    base_url: BaseUrl = None
    timeout_seconds: Seconds = Field(default=60, description="The whole run is stopped after this.")
    retries: Retries = 0
    variables: Variables = Field(default_factory=dict)


class TestRequest(HowRequest):
    """A script, and how to run it."""

    __test__ = False

    script: Script
    language: GivenLanguage = None
    title: Title = Field(default="Playground", examples=["Home page"])


class TestAccepted(Shape):
    """The script is queued; its run has the same id."""

    __test__ = False

    test_id: str = Field(examples=["01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"])
    status: RunStatus
    links: "RunLinks"


class RunAccepted(Shape):
    """A run is queued."""

    run_id: str
    job_id: str | None = Field(default=None, description="The job that it is a run of.")
    test_id: str | None = Field(default=None, description="The saved test that it is a run of.")
    status: RunStatus
    links: "RunLinks"


class RerunRequest(Request):
    """Which of a run's tests to run again."""

    only: Only = Field(description="`failed`: also those that had no chance to pass, because the run ended before.")


class RunLinks(Shape):
    """Where a run's things are; paths on the same origin."""

    self: str = Field(examples=["/api/runs/01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"])
    events: str = Field(description="Server-sent events.")
    report: str | None = Field(default=None, description="The HTML report, once it can be read.")
    junit: str | None = Field(default=None, description="The same for CI: JUnit's XML.")
    results: str | None = Field(default=None, description="The same for programs: Playwright's JSON.")
    console: str


class Case(Shape):
    """One `test(...)` of a script."""

    title: str
    status: TestStatus
    duration_ms: int
    attempts: int
    message: str | None = None


class RunTest(Shape):
    """One test of a run, with its own result."""

    id: str
    title: str
    status: TestStatus
    reason: Reason | None = None
    message: str | None = None
    advice: str | None = Field(default=None, description="What a person can do about the `reason`.")
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    attempts: int = Field(description="How often a worker began it; Playwright's retries count in `cases`.")
    cases: list[Case]
    saved_test_id: str | None = Field(default=None, description="The saved test that it is a run of.")
    test_version: int | None = Field(default=None, description="Which version of it; none if another script was given.")


class RunSummary(Shape):
    """A run, without its tests."""

    id: str
    kind: RunKind
    status: RunStatus
    reason: Reason | None = None
    message: str | None = None
    advice: str | None = Field(default=None, description="What a person can do about the `reason`.")
    trigger: RunTrigger
    title: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    cancel_requested_at: datetime | None = None
    deadline_at: datetime | None = Field(default=None, description="What has not ended by then times out.")
    job_id: str | None = None
    rerun_of: str | None = Field(default=None, description="The run whose tests it runs again.")
    scheduled_at: datetime | None = Field(default=None, description="The tick of the job's schedule that started it.")
    in_line: bool = Field(default=False, description="It begins when all earlier runs of its schedule have ended.")
    parallelism: int = Field(description="How many of its tests may run at once.")
    stop_after_failures: int | None = None
    counts: Counts
    links: RunLinks


class Run(RunSummary):
    """A run and each of its tests."""

    queue_position: int | None = Field(
        default=None, description="While it is queued: 1 if no test of the workspace's was asked for before its own."
    )
    tests: list[RunTest]


class RunPage(Shape):
    """A page of runs, newest first."""

    items: list[RunSummary]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the next page.")


class Ticket(Shape):
    """With this a browser may read one run, without an API key."""

    ticket: str
    expires_at: datetime
    report: str = Field(description="The report's path, with the ticket.")
    events: str = Field(description="The events' path, with the ticket.")
