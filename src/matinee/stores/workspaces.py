"""Workspaces in Postgres. Nothing that one has can be seen from another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from uuid_utils import uuid7

from matinee.model.access import Role, acting
from matinee.model.errors import NotFoundError
from matinee.stores.keys import new_key
from matinee.stores.postgres import Database, enter
from matinee.stores.rows import known
from matinee.stores.sql import queries


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where people work together."""

    id: str
    name: str
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `get_workspace`."""
        return cls(id=str(row["id"]), name=row["name"], created_at=known(row["created_at"]))


class NewWorkspace(NamedTuple):
    """A workspace that was just made, and an owner's key of it, which cannot be had again."""

    workspace: Workspace
    key: str


class Workspaces:
    """All workspaces. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("workspaces")

    def get(self, workspace_id: str) -> Workspace:
        """Give a workspace.

        Raises:
            NotFoundError: if it has just been deleted.
        """
        with self._database.within(workspace_id) as connection:
            row = connection.execute(self._sql["get_workspace"], {"id": workspace_id}).fetchone()
        if row is None:
            raise NotFoundError("There is no such workspace any more.")
        return Workspace.from_row(row)

    def list(self) -> Sequence[Workspace]:
        """Give all workspaces of the installation, by their names."""
        with self._database.transaction() as connection:
            return [Workspace.from_row(row) for row in connection.execute(self._sql["list_workspaces"]).fetchall()]

    def make(self, name: str, *, first_key: str) -> NewWorkspace:
        """Make a workspace with an owner's key of that name."""
        with self._database.transaction() as connection:
            made = connection.execute(self._sql["insert_workspace"], {"id": str(uuid7()), "name": name}).fetchone()
            assert made is not None  # noqa: S101 - an INSERT without conditions returns its row
            workspace = Workspace.from_row(made)
            key, row = new_key(workspace.id, first_key, role=Role.OWNER, expires_at=None)
            enter(connection, workspace.id, acting.get())
            connection.execute(queries("keys")["insert_key"], row)
        return NewWorkspace(workspace, key)

    def rename(self, workspace_id: str, name: str) -> Workspace:
        """Call a workspace otherwise.

        Raises:
            NotFoundError: if it has just been deleted.
        """
        with self._database.within(workspace_id) as connection:
            row = connection.execute(self._sql["rename_workspace"], {"id": workspace_id, "name": name}).fetchone()
        if row is None:
            raise NotFoundError("There is no such workspace any more.")
        return Workspace.from_row(row)
