"""What a workspace's runs came to, day by day, in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from matinee.model.run import TestStatus
from matinee.model.statistics import Days, Tally
from matinee.stores.postgres import Database
from matinee.stores.rows import known
from matinee.stores.sql import queries

#: So many saved tests are named in each list.
_MOST = 5


@dataclass(frozen=True, kw_only=True)
class Tallies:
    """Runs, and the tests of all runs."""

    runs: Tally
    tests: Tally


@dataclass(frozen=True, kw_only=True)
class DayTallies(Tallies):
    """What ended on one day."""

    date: date


@dataclass(frozen=True, kw_only=True)
class TestFigures:
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
    p50_ms: int | None
    p95_ms: int | None
    last_status: TestStatus
    last_run_id: str
    last_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `saved_tests`."""
        p50_ms, p95_ms = row["percentiles"] or (None, None)
        return cls(
            test_id=str(row["saved_test_id"]),
            title=row["title"],
            runs=row["runs"],
            passed=row["passed"],
            flaky=row["flaky"],
            failed=row["failed"],
            error=row["error"],
            timed_out=row["timed_out"],
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            last_status=TestStatus(row["last_status"]),
            last_run_id=str(row["last_run_id"]),
            last_at=known(row["last_at"]),
        )


@dataclass(frozen=True, kw_only=True)
class Statistics(Tallies):
    """What ended on some days."""

    previous: Tallies  #: on as many days before
    series: Sequence[DayTallies]  #: each day, also if nothing ended on it
    slowest: Sequence[TestFigures]
    flakiest: Sequence[TestFigures]
    failing: Sequence[TestFigures]


class Figures:
    """Figures of what ended. Raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("figures")

    def of(self, workspace_id: str, days: Days) -> Statistics:
        """Give the figures of these days, in three statements, whose cost grows with what ended on them and before."""
        begins, ends = [days.before, days.since, *days.midnights[:-1]], [days.since, days.until, *days.midnights[1:]]
        wanted = {"workspace_id": workspace_id, "begins": begins, "ends": ends}
        outstanding = {"workspace_id": workspace_id, "since": days.since, "until": days.until, "limit": _MOST}
        with self._database.within(workspace_id) as connection:
            runs = [_tally(row) for row in connection.execute(self._sql["tally_runs"], wanted)]
            tests = [_tally(row) for row in connection.execute(self._sql["tally_tests"], wanted)]
            rows = connection.execute(self._sql["saved_tests"], outstanding).fetchall()
        lists = {
            name: [TestFigures.from_row(row) for row in rows if row["list"] == name]
            for name in ("slowest", "flakiest", "failing")
        }
        return Statistics(
            runs=runs[1],
            tests=tests[1],
            previous=Tallies(runs=runs[0], tests=tests[0]),
            series=[
                DayTallies(date=day, runs=of_runs, tests=of_tests)
                for day, of_runs, of_tests in zip(days.dates, runs[2:], tests[2:], strict=True)
            ],
            **lists,
        )


def _tally(row: Mapping[str, Any]) -> Tally:
    """Read a row of `tally_runs` or `tally_tests`."""
    p50_ms, p95_ms = row["percentiles"] or (None, None)
    counts = {name: n for name, n in row.items() if name != "percentiles"}
    return Tally(**counts, p50_ms=p50_ms, p95_ms=p95_ms)
