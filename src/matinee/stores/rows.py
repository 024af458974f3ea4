"""Runs as Postgres has them: frozen, typed, every time in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any, Self

from psycopg.types.json import Jsonb

from matinee.model.run import Counts, Reason, RunKind, RunStatus, RunTrigger, TestStatus
from matinee.model.script import Language
from matinee.model.work import Case, Sealed, TestOrder, TestResult


@dataclass(frozen=True, kw_only=True)
class RunTest:
    """One test of a run, without its script."""

    id: str
    title: str
    status: TestStatus
    reason: Reason | None
    message: str | None
    started_at: datetime | None  #: of its first attempt; None also if it ended before anybody began it
    ended_at: datetime | None
    duration_ms: int | None  #: of its last attempt
    attempts: int
    cases: tuple[Case, ...]
    timeout_seconds: int
    sent_at: datetime | None  #: when its order was last put on the queue
    deliveries: int  #: how often that was
    losses: int  #: how often sweep found it begun with nobody running it
    saved_test_id: str | None  #: the saved test that it is a run of, as long as that is there
    test_version: int | None  #: which version of it
    expected_ms: int | None  #: how long it took lately

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `get_tests`."""
        return cls(
            id=str(row["id"]),
            title=row["title"],
            status=TestStatus(row["status"]),
            reason=_reason(row["reason"]),
            message=row["message"],
            started_at=utc(row["started_at"]),
            ended_at=utc(row["ended_at"]),
            duration_ms=row["duration_ms"],
            attempts=row["attempts"],
            cases=tuple(Case.model_validate(case) for case in row["cases"]),
            timeout_seconds=row["timeout_seconds"],
            sent_at=utc(row["sent_at"]),
            deliveries=row["deliveries"],
            losses=row["losses"],
            saved_test_id=_id(row["saved_test_id"]),
            test_version=row["test_version"],
            expected_ms=row["expected_ms"],
        )


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run and how many of its tests stand where."""

    id: str
    workspace_id: str
    kind: RunKind
    trigger: RunTrigger
    title: str
    status: RunStatus
    reason: Reason | None
    message: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None  #: from the first test's begin to the last one's end
    cancel_requested_at: datetime | None
    report_at: datetime | None  #: since when its report can be read
    end_said_at: datetime | None  #: since when its events are complete
    job_id: str | None
    rerun_of: str | None  #: the run whose tests it runs again
    scheduled_at: datetime | None  #: the tick that started it
    in_line: bool  #: it is not planned before all earlier runs of its schedule have ended
    parallelism: int  #: so many of its tests may be on the queue or running
    stop_after_failures: int | None
    deadline_at: datetime | None  #: what has not ended by then times out
    planned_at: datetime | None  #: since when its tests are being sent; None for a run of one script
    counts: Counts

    @classmethod
    def from_row(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """Read a row of `get_run` or `list_runs`."""
        return cls(
            id=str(row["id"]),
            workspace_id=str(row["workspace_id"]),
            kind=RunKind(row["kind"]),
            trigger=RunTrigger(row["trigger"]),
            title=row["title"],
            status=RunStatus(row["status"]),
            reason=_reason(row["reason"]),
            message=row["message"],
            created_at=known(row["created_at"]),
            started_at=utc(row["started_at"]),
            ended_at=utc(row["ended_at"]),
            duration_ms=row["duration_ms"],
            cancel_requested_at=utc(row["cancel_requested_at"]),
            report_at=utc(row["report_at"]),
            end_said_at=utc(row["end_said_at"]),
            job_id=_id(row["job_id"]),
            rerun_of=_id(row["rerun_of"]),
            scheduled_at=utc(row["scheduled_at"]),
            in_line=row["in_line"],
            parallelism=row["parallelism"],
            stop_after_failures=row["stop_after_failures"],
            deadline_at=utc(row["deadline_at"]),
            planned_at=utc(row["planned_at"]),
            counts=counts_of(row["tally"]),
            **more,
        )


@dataclass(frozen=True, kw_only=True)
class Run(RunSummary):
    """A run with its tests, in their order."""

    tests: tuple[RunTest, ...]


@dataclass(frozen=True, kw_only=True)
class NewTest:
    """One test of a run that is to be made."""

    id: str
    title: str
    script: str
    language: Language
    module: bool
    base_url: str | None
    timeout_seconds: int
    retries: int
    variables: tuple[Sealed, ...] = ()
    saved_test_id: str | None = None
    test_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run that is to be made, its tests in their order."""

    id: str
    workspace_id: str
    kind: RunKind
    trigger: RunTrigger
    title: str
    created_at: datetime
    tests: tuple[NewTest, ...]
    idempotency_key: str | None = None
    fingerprint: bytes = b""  #: of the request that the idempotency key came with
    job_id: str | None = None
    rerun_of: str | None = None
    parallelism: int = 1
    stop_after_failures: int | None = None
    deadline_at: datetime | None = None
    scheduled_at: datetime | None = None
    in_line: bool = False

    def __post_init__(self) -> None:
        known(self.created_at)


def order_of(row: Mapping[str, Any]) -> TestOrder:
    """Read a test's order, of a row that may have more."""
    ids = {name: str(row[name]) for name in ("workspace_id", "run_id", "test_id")}
    return TestOrder(**{name: value for name, value in row.items() if name in TestOrder.model_fields} | ids)


def outcome_of(result: TestResult) -> Mapping[str, Any]:
    """Give a result's columns. A test that nobody began (no attempts) has no time of beginning."""
    return {
        "status": result.status,
        "reason": result.reason,
        "message": _storable(result.message),
        "started_at": from_ms(result.started_at) if result.attempts else None,
        "ended_at": from_ms(result.ended_at),
        "duration_ms": result.duration_ms,
        "attempts": result.attempts,
        "cases": Jsonb([_storable(case.model_dump(mode="json")) for case in result.cases]),
    }


def counts_of(tally: Mapping[str, int]) -> Counts:
    """Count tests by how many of them have which status."""
    return Counts.of(chain.from_iterable(repeat(TestStatus(name), n) for name, n in tally.items()))


def utc(moment: datetime | None) -> datetime | None:
    """Give `moment` in UTC.

    Raises:
        ValueError: if it has no time zone.
    """
    return None if moment is None else known(moment)


def from_ms(ms: int) -> datetime:
    """Give the moment that is `ms` milliseconds after the epoch."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Give the milliseconds from the epoch to `moment`."""
    return round(known(moment).timestamp() * 1000)


def known(moment: datetime) -> datetime:
    """Give `moment`, which is not None, in UTC.

    Raises:
        ValueError: if it has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _id(value: Any) -> str | None:
    return None if value is None else str(value)


def _reason(name: str | None) -> Reason | None:
    return None if name is None else Reason(name)


def _storable(value: Any) -> Any:
    """Replace the one character that Postgres has no place for: a test's error message may well have a NUL."""
    match value:
        case str():
            return value.replace("\0", "\ufffd")
        case dict():
            return {name: _storable(member) for name, member in value.items()}
    return value
