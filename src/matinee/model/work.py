"""What travels between the functions: the order to run a test, what happened in it, how it ended."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.script import Language


class _Part(BaseModel):
    # What is wrong with an order or a result goes into a log; what is in it, scripts and variables, must not.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Sealed(_Part):
    """Variables that only run_test can read."""

    secret: bool  #: nothing of the run may show their values
    text: str = Field(repr=False)  #: as stores/vault.py writes it


class TestOrder(_Part):
    """One test of one run, as it lies on `test-execution`: all that run_test needs, for it reaches no database."""

    __test__ = False

    workspace_id: str
    run_id: str
    test_id: str  #: the run's own row for this test; for a playground run the same as `run_id`
    title: str
    language: Language
    module: bool  #: needs Node's ES module loader (top-level await, import.meta)
    script: str | None = None  #: the source, or
    script_key: str | None = None  #: the S3 key where it lies, when it is too large for a message
    base_url: str | None = None
    timeout_seconds: int = Field(ge=1)
    retries: int = Field(ge=0)
    variables: tuple[Sealed, ...] = ()  #: of the same name the last one counts
    kind: RunKind = RunKind.TEST  #: a job's test leaves its blob to merge_report; a single one makes its own report
    deadline: int | None = (
        None  #: of the whole run, in ms since the epoch; the test ends by then, however long it may take
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.script is None) == (self.script_key is None):
            raise ValueError("an order carries its script or the key of it, not both")
        return self


class RunOrder(_Part):
    """One run, as it lies on `job-execution` (plan it) and on `report-merge` (make its report)."""

    workspace_id: str
    run_id: str


class Case(_Part):
    """One `test(...)` of a script, as Playwright judged it."""

    title: str  #: with the titles of its describe blocks, joined by a single guillemet
    status: TestStatus
    duration_ms: int
    attempts: int = 1
    message: str | None = None  #: of the first error, without colours


class TestResult(_Part):
    """How one test of a run ended. Written once, under a condition."""

    __test__ = False

    status: TestStatus
    reason: Reason | None = None
    message: str | None = None
    started_at: int  #: of the first attempt, in ms since the epoch
    ended_at: int
    duration_ms: int  #: of the last attempt, in ms: from its claim to its verdict
    attempts: int = 1  #: how often a worker began it; Playwright's own retries count in `cases`
    cases: tuple[Case, ...] = ()
    #: Of a single test: whether a report will follow; without one, the run's stream ends with its verdict. Of a job's: whether
    #: it left a blob; a report follows in any case.
    report: bool
    console_bytes: int = 0


EventType = Literal["run", "test", "step", "console", "report", "end"]


class Event(_Part):
    """One thing that happened in a run. Its number comes from the log that it is appended to."""

    type: EventType
    at: int  #: ms since the epoch
    data: dict[str, Any]  #: camelCase, as clients see it
