"""How saved tests and jobs fared lately, in Postgres."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.run import RunStatus, TestStatus
from matinee.stores.rows import known
from matinee.stores.sql import queries

#: So many are given of each.
MOST = 20


@dataclass(frozen=True, kw_only=True)
class Recent:
    """How a saved test ended in one run, or a job's run as a whole."""

    run_id: str
    status: RunStatus | TestStatus
    duration_ms: int | None
    ended_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any], statuses: type[RunStatus | TestStatus]) -> Self:
        """Read a row of `of_tests` or `of_jobs`."""
        return cls(
            run_id=str(row["run_id"]),
            status=statuses(row["status"]),
            duration_ms=row["duration_ms"],
            ended_at=known(row["ended_at"]),
        )


def recents_of_tests(connection: Connection[DictRow], ids: Sequence[str]) -> Mapping[str, tuple[Recent, ...]]:
    """Give the last results of saved tests by their ids, the oldest first, within a transaction."""
    return _read(connection, "of_tests", ids, TestStatus)


def recents_of_jobs(connection: Connection[DictRow], ids: Sequence[str]) -> Mapping[str, tuple[Recent, ...]]:
    """Give the last runs of jobs that ended by the jobs' ids, the oldest first, within a transaction."""
    return _read(connection, "of_jobs", ids, RunStatus)


def _read(
    connection: Connection[DictRow], query: str, ids: Sequence[str], statuses: type[RunStatus | TestStatus]
) -> Mapping[str, tuple[Recent, ...]]:
    found: defaultdict[str, list[Recent]] = defaultdict(list)
    for row in connection.execute(queries("recents")[query], {"ids": list(ids), "limit": MOST}):
        found[str(row["of"])].append(Recent.from_row(row, statuses))
    return {each: tuple(found[each]) for each in ids}
