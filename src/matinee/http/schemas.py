"""The shapes of the API's JSON: camelCase outside, snake_case inside. The web client's types come from these."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter
from pydantic.alias_generators import to_camel

from matinee.model.run import Counts, Reason, RunKind, RunStatus, RunTrigger, TestStatus
from matinee.model.script import Language
from matinee.model.variables import check_variables

_MAX_URL = 2_000
_URL = TypeAdapter(HttpUrl)


class _Shape(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, from_attributes=True, frozen=True
    )


class _Request(_Shape):
    model_config = ConfigDict(extra="forbid")


def _line(text: str) -> str:
    """Take a line of text as people mean it: no control characters, no blanks around it."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("it must be one line, without control characters")
    if not text.strip():
        raise ValueError("it is blank")
    return text.strip()


def _url(text: str) -> str:
    """Keep a URL as it was written: Playwright resolves paths against it by the same rules as a browser."""
    _URL.validate_python(text)
    return text


def _variables(variables: dict[str, str]) -> dict[str, str]:
    check_variables(variables)
    return variables


class TestRequest(_Request):
    """A script, and how to run it."""

    __test__ = False

    script: str = Field(
        description="A Playwright test file, TypeScript or JavaScript; 1,000,000 bytes at most.",
        examples=["import { test, expect } from '@playwright/test';\n\ntest('home', async ({ page }) => { await page.goto('/'); });\n"],
    )  # fmt: skip
    language: Language | None = Field(default=None, description="Found out by parsing if it is not given.")
    title: Annotated[str, AfterValidator(_line)] = Field(
        default="Playground", min_length=1, max_length=200, examples=["Home page"]
    )
    base_url: Annotated[str, Field(max_length=_MAX_URL), AfterValidator(_url)] | None = Field(
        default=None, description="Playwright's `use.baseURL`.", examples=["https://example.com"]
    )
    timeout_seconds: int = Field(default=60, ge=1, le=840, description="The whole run is stopped after this.")
    retries: int = Field(default=0, ge=0, le=10, description="Playwright's own retries of a failed test.")
    variables: Annotated[dict[str, str], AfterValidator(_variables)] = Field(
        default_factory=dict,
        description="What the script reads as `process.env.NAME`.",
        examples=[{"USER_NAME": "ada"}],
    )


class TestAccepted(_Shape):
    """The script is queued; its run has the same id."""

    __test__ = False

    test_id: str = Field(examples=["01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"])
    status: RunStatus
    links: "RunLinks"


class RunLinks(_Shape):
    """Where a run's things are; paths on the same origin."""

    self: str = Field(examples=["/api/runs/01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90"])
    events: str = Field(description="Server-sent events.")
    report: str | None = Field(default=None, description="The HTML report, once it can be read.")
    console: str


class Case(_Shape):
    """One `test(...)` of a script."""

    title: str
    status: TestStatus
    duration_ms: int
    attempts: int
    message: str | None = None


class RunTest(_Shape):
    """One test of a run, with its own result."""

    id: str
    title: str
    status: TestStatus
    reason: Reason | None = None
    message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    attempts: int = Field(description="How often a worker began it; Playwright's retries count in `cases`.")
    cases: list[Case]


class RunSummary(_Shape):
    """A run, without its tests."""

    id: str
    kind: RunKind
    status: RunStatus
    reason: Reason | None = None
    message: str | None = None
    trigger: RunTrigger
    title: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    cancel_requested_at: datetime | None = None
    counts: Counts
    links: RunLinks


class Run(RunSummary):
    """A run and each of its tests."""

    tests: list[RunTest]


class RunPage(_Shape):
    """A page of runs, newest first."""

    items: list[RunSummary]
    next_cursor: str | None = Field(default=None, description="Give it as `cursor` for the next page.")


class Ticket(_Shape):
    """With this a browser may read one run, without an API key."""

    ticket: str
    expires_at: datetime
    report: str = Field(description="The report's path, with the ticket.")
    events: str = Field(description="The events' path, with the ticket.")


class Check(_Shape):
    """Whether one part answers."""

    status: Literal["ok", "failed"]
    detail: str | None = None


class Health(_Shape):
    """What is up, and the versions."""

    status: Literal["ok", "degraded"]
    version: str
    playwright: str
    chromium: str
    checks: dict[Literal["database", "live", "artifacts", "queue"], Check]


class Problem(BaseModel):
    """What went wrong (RFC 9457). Further members depend on `type`: `line` and `column` of a syntax error, say."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:matinee:problem:script-invalid"])
    title: str = Field(examples=["Script invalid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Line 3, column 9: Unexpected token"])
