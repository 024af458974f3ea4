"""API keys in Postgres, as people look after them. Only their hashes are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.access import Role
from matinee.model.errors import ConflictError, NotFoundError
from matinee.stores.ids import is_id
from matinee.stores.keys import new_key
from matinee.stores.postgres import Database
from matinee.stores.rows import utc
from matinee.stores.sql import queries

MAX_WORKING = 100
#: For so long a key is listed that was revoked or has expired.
_DEAD_KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """An API key, as people may see it afterwards."""

    id: str
    name: str
    role: Role
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """Read a row of `list_keys`."""
        plain = {each.name: row[each.name] for each in fields(ApiKey)}
        times = {name: utc(value) for name, value in plain.items() if name.endswith("_at")}
        return cls(**{**plain, **times, "id": str(row["id"]), "role": Role(row["role"]), **more})


@dataclass(frozen=True, kw_only=True)
class NewApiKey(ApiKey):
    """An API key that was just made, with the key itself; it cannot be had again."""

    key: str = field(repr=False)


class ApiKeys:
    """A workspace's API keys. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("api_keys")

    def list(self, workspace_id: str) -> Sequence[ApiKey]:
        """Give the workspace's keys, newest first, those among them that work no more, until they are forgotten."""
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_keys"], {"workspace_id": workspace_id})
            return [ApiKey.from_row(row) for row in rows]

    def create(self, workspace_id: str, name: str, *, role: Role, days: int | None) -> NewApiKey:
        """Make a key that is good for so many days, or until it is revoked.

        Raises:
            ConflictError: if the workspace has as many working ones as it may.
        """
        expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
        key, row = new_key(workspace_id, name, role=role, expires_at=expires_at)
        with self._database.within(workspace_id) as connection:
            if self._counted(connection, workspace_id)["working"] >= MAX_WORKING:
                raise ConflictError(f"There are {MAX_WORKING} working keys, the most there may be. Revoke one first.")
            made = connection.execute(queries("keys")["insert_key"], row).fetchone()
        assert made is not None  # noqa: S101 - an INSERT without conditions returns its row
        return NewApiKey.from_row(made, key=key)

    def revoke(self, workspace_id: str, key_id: str) -> None:
        """See that the key, and each session of it, is good for nothing from now on.

        Raises:
            NotFoundError: if the workspace has no such key, or it was revoked before.
            ConflictError: if it is the last one of an owner's that works.
        """
        wanted = {"workspace_id": workspace_id, "id": key_id}
        with self._database.within(workspace_id) as connection:
            owners = self._counted(connection, workspace_id)["owners"]
            found = connection.execute(self._sql["find_key"], wanted).fetchone() if is_id(key_id) else None
            if found is None:
                raise NotFoundError("There is no such key: it was already revoked, or never existed.")
            if found["owns"] and owners == 1:
                raise ConflictError(
                    "This is the last owner's key that works: without it nobody could let others in. Make another first."
                )
            connection.execute(self._sql["revoke_key"], wanted)

    def forget(self) -> int:
        """Delete the keys that have not worked for 30 days; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_keys"], {"kept": _DEAD_KEPT}).rowcount

    def _counted(self, connection: Connection[DictRow], workspace_id: str) -> DictRow:
        """Count the keys that are `working`, and the `owners` among them; until the transaction ends nobody else makes or revokes one."""
        wanted = {"workspace_id": workspace_id}
        connection.execute(self._sql["lock_workspace"], wanted)
        counted = connection.execute(self._sql["count_working"], wanted).fetchone()
        assert counted is not None  # noqa: S101 - a count without groups is one row
        return counted
