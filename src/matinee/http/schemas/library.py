"""Saved tests and jobs as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from matinee.http.schemas.schedules import Schedule, ScheduleRequest
from matinee.http.schemas.shape import (
    NUMBER,
    BaseUrl,
    GivenLanguage,
    Line,
    Request,
    Retries,
    Script,
    Seconds,
    Shape,
    Text,
    Title,
    Variables,
)
from matinee.model.library import (
    MAX_DESCRIPTION_LENGTH,
    MAX_JOB_TESTS,
    MAX_PARALLELISM,
    MAX_PATH_LENGTH,
    MAX_RUN_SECONDS,
    MAX_TAG_LENGTH,
    MAX_TAGS,
)
from matinee.model.run import Counts, RunStatus, TestStatus
from matinee.model.script import Language


def _once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


Tag = Annotated[Line, Field(min_length=1, max_length=MAX_TAG_LENGTH)]
_Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), AfterValidator(_once)]
_Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION_LENGTH)]
Path = Annotated[Line, Field(max_length=MAX_PATH_LENGTH)]
#: How a test's last result may be; `never`: it has none.
LastStatus = Literal["passed", "flaky", "failed", "error", "timed_out", "skipped", "cancelled", "never"]
_NextCursor = Annotated[str | None, Field(description="Give it as `cursor` for the next page.")]


class SavedTestRequest(Request):
    """A test to save."""

    title: Title = Field(examples=["Home page"])
    description: _Description = ""
    script: Script
    language: GivenLanguage = None
    tags: _Tags = ()
    path: Path | None = Field(
        default=None, description="The file that it comes from: one test a file.", examples=["shop/cart.spec.ts"]
    )


class RecentResult(Shape):
    """How a saved test ended in one run."""

    run_id: str
    status: TestStatus
    duration_ms: int | None = None
    ended_at: datetime


class SavedTestSummary(Shape):
    """A saved test, without its script."""

    id: str
    version: int = Field(description="Counts from 1; also its `ETag`.")
    title: str
    description: str
    language: Language
    tags: list[str]
    path: str | None = None
    created_at: datetime
    updated_at: datetime
    recent: list[RecentResult] = Field(description="Its last results, twenty at most, the oldest first.")


class SavedTest(SavedTestSummary):
    """A saved test."""

    script: str


class SavedTestPage(Shape):
    """A page of saved tests, newest first."""

    items: list[SavedTestSummary]
    next_cursor: _NextCursor = None


class TagCount(Shape):
    """A tag, and how many tests have it."""

    tag: str
    tests: int


class TagList(Shape):
    """The tags of saved tests, the most used first."""

    items: list[TagCount]


class TestVersion(Shape):
    """A saved test as it once was."""

    __test__ = False

    version: int
    title: str
    language: Language
    created_at: datetime
    script: str | None = Field(default=None, description="Left out in lists.")


class TestVersionPage(Shape):
    """A page of a test's versions, newest first."""

    __test__ = False

    items: list[TestVersion]
    next_cursor: _NextCursor = None


class JobRequest(Request):
    """A job to save."""

    name: Title = Field(description="Unique in the workspace.", examples=["Nightly"])
    description: _Description = ""
    tests: tuple[str, ...] = Field(
        min_length=1, max_length=MAX_JOB_TESTS, description="Ids of saved tests, in their order, each once."
    )
    base_url: BaseUrl = None
    parallelism: Annotated[int, Field(ge=1, le=MAX_PARALLELISM), NUMBER] = Field(
        default=10, description="How many tests may run at once."
    )
    retries: Retries = 0
    timeout_seconds: Seconds = Field(default=60, description="Each test is stopped after this.")
    run_timeout_seconds: Annotated[int, Field(ge=1, le=MAX_RUN_SECONDS), NUMBER] | None = Field(
        default=None,
        description="A whole run is stopped after this; without it, when all of its tests have surely had their time.",
    )
    stop_after_failures: Annotated[int, Field(ge=1, le=MAX_JOB_TESTS), NUMBER] | None = Field(
        default=None, description="After so many failures no further test is begun."
    )
    schedule: ScheduleRequest | None = Field(default=None, description="When it runs by itself.")


class LastRun(Shape):
    """The newest run of a job."""

    run_id: str
    status: RunStatus
    created_at: datetime
    ended_at: datetime | None = None
    duration_ms: int | None = None
    counts: Counts


class RecentRun(Shape):
    """How one run of a job ended."""

    run_id: str
    status: RunStatus
    duration_ms: int | None = None
    ended_at: datetime


class JobSummary(Shape):
    """A job, without its tests."""

    id: str
    version: int = Field(description="Counts from 1; also its `ETag`.")
    name: str
    description: str
    base_url: str | None = None
    parallelism: int
    retries: int
    timeout_seconds: int
    run_timeout_seconds: int | None = None
    stop_after_failures: int | None = None
    test_count: int
    last_run: LastRun | None = None
    recent: list[RecentRun] = Field(description="Its last runs that ended, twenty at most, the oldest first.")
    schedule: Schedule | None = None
    created_at: datetime
    updated_at: datetime


class Job(JobSummary):
    """A job."""

    tests: list[str] = Field(description="Ids of saved tests, in their order.")


class JobPage(Shape):
    """A page of jobs, newest first."""

    items: list[JobSummary]
    next_cursor: _NextCursor = None


class JobItem(Request):
    """One test of a run: a saved one, as it is or with another title or script; or just a script with a title."""

    id: str | None = Field(default=None, description="Of a saved test.")
    title: Title | None = None
    script: Script | None = None
    language: GivenLanguage = None

    @model_validator(mode="after")
    def _has_a_script(self) -> Self:
        if self.id is None and (self.script is None or self.title is None):
            raise ValueError("give the id of a saved test, or a script with a title")
        if self.language and self.script is None:
            raise ValueError("the language is that of a script; give the script, too")
        return self


class JobRunRequest(Request):
    """A job to run."""

    job_id: str
    tests: tuple[JobItem, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_JOB_TESTS,
        description="Run these in the place of the job's own tests, in this order.",
    )
    variables: Variables = Field(default_factory=dict)
