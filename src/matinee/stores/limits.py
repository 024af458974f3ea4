"""How much workspaces may use, and do, in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.errors import NotFoundError, TooManyRequestsError
from matinee.model.limits import Limits, Usage, admit, month_of
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.rows import NewRun
from matinee.stores.sql import queries


class LimitBook:
    """Knows limits and usage. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("limits")

    def get(self, workspace_id: str) -> tuple[Limits, Usage]:
        """Give what a workspace may use, and what it does."""
        wanted = _now(workspace_id)
        with self._database.within(workspace_id) as connection:
            limits = connection.execute(self._sql["get_limits"], wanted).fetchone()
            return Limits(**(limits or {})), _usage(connection, workspace_id)

    def put(self, workspace_id: str, limits: Limits) -> None:
        """Say what a workspace may use from now on; what is under way stays.

        Raises:
            NotFoundError: if there is no such workspace.
        """
        if not is_id(workspace_id):
            raise NotFoundError(_NONE)
        with self._database.within(workspace_id) as connection:
            if not connection.execute(
                self._sql["put_limits"], {**asdict(limits), "workspace_id": workspace_id}
            ).rowcount:
                raise NotFoundError(_NONE)

    def ahead_of(self, workspace_id: str, run_id: str) -> int:
        """Count the tests of the workspace that were asked for before this run's, and that nobody has begun."""
        with self._database.within(workspace_id) as connection:
            row = connection.execute(self._sql["ahead"], {"workspace_id": workspace_id, "run_id": run_id}).fetchone()
        return int(row["tests"]) if row else 0

    def waiting(self, workspace_id: str, *, most: int = 50) -> Sequence[str]:
        """Give the runs that wait for places among the workspace's, the oldest first."""
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["waiting"], {"workspace_id": workspace_id, "most": most})
            return [str(row["id"]) for row in rows]

    def forget(self) -> int:
        """Delete the counts of requests made long ago; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_requests"]).rowcount


_NONE = "There is no such workspace."


def admit_run(connection: Connection[DictRow], new: NewRun) -> None:
    """Refuse a new run for which its workspace has no room, within the transaction that makes it.

    Raises:
        TooManyRequestsError: as `model.limits.admit` does.
    """
    row = connection.execute(queries("limits")["hold_limits"], _now(new.workspace_id)).fetchone()
    if row:
        usage = _usage(connection, new.workspace_id)
        admit(Limits(**row), usage, tests=len(new.tests), now=datetime.now(UTC))


def free_places(connection: Connection[DictRow], workspace_id: str, *, most: int) -> int:
    """Count the places that are free of `most` in a workspace; until the transaction ends, nobody else takes one."""
    sql, wanted = queries("limits"), {"workspace_id": workspace_id}
    connection.execute(sql["hold_workspace"], wanted)
    row = connection.execute(sql["with_workers"], wanted).fetchone()
    return max(0, most - (row["tests"] if row else 0))


def count_request(connection: Connection[DictRow], workspace_id: str, bearer: str, *, most: int | None) -> None:
    """Count a request of a key's or a member's, unless they may make as many as they like.

    Raises:
        TooManyRequestsError: if they have made as many in this minute as they may.
    """
    if not most:
        return
    wanted = {"workspace_id": workspace_id, "bearer": bearer}
    row = connection.execute(queries("limits")["count_request"], wanted).fetchone()
    if row and row["made"] > most:
        often = f"{most:,} requests a minute are what a key, or a member, may make here"
        raise TooManyRequestsError(f"{often}. Try again in {row['seconds_left']} s.", retry_after=row["seconds_left"])


def add_usage(connection: Connection[DictRow], workspace_id: str, *, ms: int) -> None:
    """Note that a test ran for so long, within the transaction that ends it."""
    connection.execute(queries("limits")["add_usage"], {**_now(workspace_id), "ms": ms})


def _usage(connection: Connection[DictRow], workspace_id: str) -> Usage:
    row = connection.execute(queries("limits")["get_usage"], _now(workspace_id)).fetchone()
    assert row is not None  # noqa: S101 - it is an aggregate
    return Usage(**row)


def _now(workspace_id: str) -> dict[str, object]:
    return {"workspace_id": workspace_id, "month": month_of(datetime.now(UTC)).date()}
