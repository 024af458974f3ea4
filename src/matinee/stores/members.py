"""Members of workspaces in Postgres: people who sign in by the installation's OpenID Connect issuer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple, Self

from uuid_utils import uuid7

from matinee.model.access import Role
from matinee.model.errors import ConflictError, NotFoundError
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.rows import utc
from matinee.stores.sql import queries

MAX_MEMBERS = 1_000


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who may come in, whether or not they have been there yet."""

    id: str
    email: str
    role: Role
    name: str | None  #: as the issuer calls them, once they have been there
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `list_members`."""
        plain = {each.name: row[each.name] for each in fields(Member)}
        times = {name: utc(value) for name, value in plain.items() if name.endswith("_at")}
        return cls(**{**plain, **times, "id": str(row["id"]), "role": Role(row["role"])})


class Membership(NamedTuple):
    """One workspace of somebody's."""

    member_id: str
    workspace_id: str
    workspace_name: str


class Members:
    """Who belongs to a workspace. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("members")

    def list(self, workspace_id: str) -> Sequence[Member]:
        """Give the workspace's members, the newest first."""
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_members"], {"workspace_id": workspace_id}).fetchall()
        return [Member.from_row(row) for row in rows]

    def add(self, workspace_id: str, email: str, role: Role) -> Member:
        """Let whoever has this address come in, in capitals or not.

        Raises:
            ConflictError: if they are a member already, or there are as many as there may be.
        """
        row = {"id": str(uuid7()), "workspace_id": workspace_id, "email": email.lower(), "role": role.value}
        with self._database.within(workspace_id) as connection:
            counted = connection.execute(self._sql["count_members"], row).fetchone()
            if counted and counted["members"] >= MAX_MEMBERS:
                raise ConflictError(f"There are {MAX_MEMBERS:,} members, the most there may be. Remove one first.")
            made = connection.execute(self._sql["insert_member"], row).fetchone()
        if made is None:
            raise ConflictError(f"{email} is a member already.", field="email")
        return Member.from_row(made)

    def change(self, workspace_id: str, member_id: str, role: Role) -> Member:
        """Give a member another role. It counts with their next request.

        Raises:
            NotFoundError: if the workspace has no such member.
        """
        wanted = {**_named(workspace_id, member_id), "role": role.value}
        with self._database.within(workspace_id) as connection:
            row = connection.execute(self._sql["change_role"], wanted).fetchone()
        if row is None:
            raise NotFoundError(_NONE)
        return Member.from_row(row)

    def remove(self, workspace_id: str, member_id: str) -> None:
        """Let a member not come in any more; each session and ticket of theirs ends with it.

        Raises:
            NotFoundError: if the workspace has no such member.
        """
        wanted = _named(workspace_id, member_id)
        with self._database.within(workspace_id) as connection:
            if not connection.execute(self._sql["delete_member"], wanted).rowcount:
                raise NotFoundError(_NONE)

    def meet(self, subject: str, *, verified_email: str | None, name: str | None) -> Sequence[Membership]:
        """Give the workspaces of somebody whom the issuer has named, the last one that they used first.

        At first they are known by their address, if the issuer has verified it; from then on by their subject alone.
        """
        told = {"subject": subject, "verified_email": verified_email and verified_email.lower(), "name": name}
        with self._database.transaction() as connection:
            connection.execute(self._sql["meet"], told)
            return _memberships(connection.execute(self._sql["of_subject"], told).fetchall())

    def workspaces_of(self, member_id: str) -> Sequence[Membership]:
        """Give all workspaces of the person that this member is, by their names."""
        with self._database.transaction() as connection:
            return _memberships(connection.execute(self._sql["of_member"], {"id": member_id}).fetchall())


_NONE = "There is no such member: they were already removed, or never were one."


def _memberships(rows: Sequence[Mapping[str, Any]]) -> Sequence[Membership]:
    return [Membership(str(row["id"]), str(row["workspace_id"]), row["workspace_name"]) for row in rows]


def _named(workspace_id: str, member_id: str) -> dict[str, Any]:
    if not is_id(member_id):
        raise NotFoundError(_NONE)
    return {"workspace_id": workspace_id, "id": member_id}
