"""The audit log in Postgres: what people changed. It is written by triggers, in the transaction that changes it (migration 0007)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from matinee.model.access import Actor
from matinee.model.errors import InvalidRequestError
from matinee.stores.postgres import Database
from matinee.stores.rows import known
from matinee.stores.sql import queries


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One change."""

    id: int
    at: datetime
    actor: Actor
    action: str  #: made, changed, revoked, cancelled, deleted, signed in
    target_kind: str  #: what it was done to, such as a job
    target_id: str
    target_name: str | None
    details: Mapping[str, Any]  #: which fields changed, never what they had

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `list_audit`."""
        return cls(
            id=row["id"],
            at=known(row["at"]),
            actor=Actor(kind=row["actor_kind"], id=row["actor_id"], name=row["actor_name"]),
            action=row["action"],
            target_kind=row["target_kind"],
            target_id=row["target_id"],
            target_name=row["target_name"],
            details=row["details"],
        )


class Audit:
    """What was changed, by whom. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("audit")

    def list(
        self, workspace_id: str, *, target_id: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[Entry], str | None]:
        """Give a page of the workspace's entries, newest first, and the cursor of the next page if there is one.

        Args:
            workspace_id: Whose.
            target_id: Only what was done to the thing with this id.
            limit: How many at most.
            cursor: Where the page before ended.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        wanted = {
            "workspace_id": workspace_id,
            "target_id": target_id,
            "before": _read_cursor(cursor) if cursor else None,
            "limit": limit + 1,
        }
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_audit"], wanted).fetchall()
        found = [Entry.from_row(row) for row in rows[:limit]]
        return found, str(found[-1].id) if len(rows) > limit else None

    def forget(self, *, before: datetime) -> int:
        """Delete the entries made before then; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_audit"], {"before": before}).rowcount


def _read_cursor(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:  # noqa: PLR2004 - digits that a bigint surely takes
        raise InvalidRequestError("The cursor is none that a list has given.")
    return int(cursor)
