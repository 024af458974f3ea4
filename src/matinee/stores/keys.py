"""API keys and run tickets in Postgres, as they open doors. Only their hashes are kept."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from uuid_utils import uuid7

from matinee.model.access import Actor, Principal, Role
from matinee.stores.limits import count_request
from matinee.stores.postgres import Database
from matinee.stores.rows import utc
from matinee.stores.sql import queries

#: The workspace of an installation that has only one.
DEFAULT_WORKSPACE_ID = "00000000-0000-7000-8000-000000000001"
#: How long a ticket lasts: long enough to read a report, whose traces load only when they are opened.
_TICKET_SECONDS = 3_600
#: So much of a key is kept readable, so that people recognise it in a list: "mt_" and 7 of its 43 characters.
_PREFIX_LENGTH = 10


class Ticket(NamedTuple):
    """A run's ticket, and until when it is good."""

    ticket: str
    expires_at: datetime


class Keys:
    """Who may come in. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database, *, requests_per_minute: int = 0) -> None:
        self._database = database
        self._sql = queries("keys")
        self._most = requests_per_minute  #: of each key whose workspace has no other limit; 0: as many as it likes

    def ensure_workspace(self) -> str:
        """Make the default workspace unless it is there; give its id."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["ensure_workspace"], {"id": DEFAULT_WORKSPACE_ID, "name": "Default"})
        return DEFAULT_WORKSPACE_ID

    def create(
        self, workspace_id: str, name: str, *, role: Role = Role.OWNER, expires_at: datetime | None = None
    ) -> str:
        """Make a key of the workspace and give it; it cannot be had again."""
        key, row = new_key(workspace_id, name, role=role, expires_at=expires_at)
        with self._database.transaction() as connection:
            connection.execute(self._sql["insert_key"], row)
        return key

    def create_first(self, name: str) -> str | None:
        """Make an owner's key of the default workspace and give it, unless there is one that is good."""
        key, row = new_key(self.ensure_workspace(), name, role=Role.OWNER, expires_at=None)
        with self._database.transaction() as connection:
            return key if connection.execute(self._sql["insert_first_key"], row).fetchone() else None

    def principal_of(self, key: str) -> Principal | None:
        """Give the bearer of `key`, unless it is unknown, revoked or expired; note once a minute that it is in use.

        Raises:
            TooManyRequestsError: if it was used more often in this minute than it may.
        """
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["find_key"], {"hash": hash_of(key)}).fetchone()
            if row is None:
                return None
            if row["stale"]:
                connection.execute(self._sql["touch_key"], {"id": row["id"]})
            count_request(connection, row["workspace_id"], row["id"], most=row["requests_per_minute"] or self._most)
        actor = Actor(kind="key", id=str(row["id"]), name=row["name"])
        return Principal(workspace_id=str(row["workspace_id"]), role=Role(row["role"]), actor=actor)

    def issue_ticket(self, by: Principal, run_id: str, *, seconds: int = _TICKET_SECONDS) -> Ticket:
        """Make a ticket with which a browser may read this run, for so long, and as long as who made it may come in."""
        ticket = f"tk_{secrets.token_urlsafe(32)}"
        row = {
            "hash": hash_of(ticket),
            "workspace_id": by.workspace_id,
            "run_id": run_id,
            "seconds": seconds,
            "key_id": by.key_id,
            "member_id": by.actor.id if by.actor and by.actor.kind == "member" else None,
        }
        with self._database.within(by.workspace_id) as connection:
            made = connection.execute(self._sql["insert_ticket"], row).fetchone()
        assert made is not None  # noqa: S101 - an INSERT without conditions returns its row
        return Ticket(ticket, made["expires_at"])

    def ticket_principal(self, ticket: str) -> Principal | None:
        """Give the bearer of `ticket`, unless it is unknown or expired, or who made it may not come in any more."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["find_ticket"], {"hash": hash_of(ticket)}).fetchone()
        if row is None:
            return None
        return Principal(workspace_id=str(row["workspace_id"]), role=Role.VIEWER, run_id=str(row["run_id"]))

    def forget_tickets(self) -> int:
        """Delete the tickets that have expired; give how many."""
        with self._database.transaction() as connection:
            return connection.execute(self._sql["forget_tickets"]).rowcount


def new_key(workspace_id: str, name: str, *, role: Role, expires_at: datetime | None) -> tuple[str, Mapping[str, Any]]:
    """Give a key, and its row for `insert_key`."""
    key = f"mt_{secrets.token_urlsafe(32)}"
    return key, {
        "id": str(uuid7()),
        "workspace_id": workspace_id,
        "name": name,
        "role": role.value,
        "prefix": key[:_PREFIX_LENGTH],
        "hash": hash_of(key),
        "expires_at": utc(expires_at),
    }


def hash_of(token: str) -> bytes:
    """Give what is kept of a key, a ticket or a session: it has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode()).digest()
