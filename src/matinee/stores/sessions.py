"""Browsers' sessions and the links to them in Postgres. Only their hashes are kept."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.access import Actor, Principal, Role
from matinee.model.errors import UnauthorizedError
from matinee.stores.keys import hash_of
from matinee.stores.limits import count_request
from matinee.stores.postgres import Database, enter
from matinee.stores.rows import known
from matinee.stores.sql import queries

LASTS = timedelta(days=30)
LINK_LASTS = timedelta(minutes=15)
#: A session's token is changed so often, while its browser asks who is signed in; the former one goes on for the overlap at least.
_TIMES = {"rotates": timedelta(hours=1), "overlap": timedelta(minutes=1)}


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where a session's person works."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SessionKey:
    """The API key that a session is of."""

    id: str
    name: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class SessionMember:
    """The member that a session is of."""

    id: str
    email: str
    name: str | None


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser's session, as its person may see it: of a key, or of a member."""

    id: str
    workspace: Workspace
    role: Role
    key: SessionKey | None
    member: SessionMember | None
    created_at: datetime
    expires_at: datetime  #: never later than its key

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `find_session`."""
        key = SessionKey(id=str(row["key_id"]), name=row["key_name"], prefix=row["key_prefix"])
        member = SessionMember(id=str(row["member_id"]), email=row["email"], name=row["member_name"])
        return cls(
            id=str(row["id"]),
            workspace=Workspace(id=str(row["workspace_id"]), name=row["workspace_name"]),
            role=Role(row["role"]),
            key=key if row["key_id"] else None,
            member=member if row["member_id"] else None,
            created_at=known(row["created_at"]),
            expires_at=known(row["expires_at"]),
        )

    @property
    def principal(self) -> Principal:
        """Who comes with it."""
        actor = Actor(kind="key", id=self.key.id, name=self.key.name) if self.key else None
        if self.member:
            actor = Actor(kind="member", id=self.member.id, name=self.member.name or self.member.email)
        return Principal(workspace_id=self.workspace.id, role=self.role, actor=actor, session=True)


class NewSession(NamedTuple):
    """A session that was just made or has another token now, and that token; it cannot be had again."""

    token: str
    session: Session


class SignInLink(NamedTuple):
    """What makes one session of a key, and until when."""

    token: str
    expires_at: datetime


class Sessions:
    """Which browsers may come in. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database, *, requests_per_minute: int = 0) -> None:
        self._database = database
        self._most = requests_per_minute  #: as of keys
        self._sql = queries("sessions")

    def sign_in(self, key: str) -> NewSession:
        """Make a session of this API key.

        Raises:
            UnauthorizedError: if it is unknown, revoked or expired.
        """
        refusal = "This key does not open Matinee: it is mistyped, was revoked, or has expired."
        return self._sign_in("find_working_key", key, refusal)

    def sign_in_by_link(self, token: str) -> NewSession:
        """Make a session of the key of a link, which is good for nothing afterwards.

        Raises:
            UnauthorizedError: if it was used, is unknown or has expired, or its key works no more.
        """
        refusal = (
            "This link was used, or has expired. `matinee sign-in` prints a new one; an API key signs you in, too."
        )
        return self._sign_in("take_link", token, refusal)

    def sign_in_member(self, member_id: str) -> NewSession:
        """Make a session of a member.

        Raises:
            UnauthorizedError: if there is no such member any more.
        """
        token = _new_token()
        with self._database.transaction() as connection:
            row = {"hash": hash_of(token), "member_id": member_id, "lasts": LASTS}
            connection.execute(self._sql["insert_session_of_member"], row)
            return self._made(connection, token, "You are no member of this workspace any more.")

    def find(self, token: str) -> Session | None:
        """Give the session that a browser comes with, unless it is unknown, has ended, or its key works no more.

        It is noted once a minute that its key, or its member, is there.
        """
        with self._database.transaction() as connection:
            row = self._found(connection, token)
        return Session.from_row(row) if row else None

    def renew(self, token: str) -> NewSession | None:
        """Give the session as `find` does, with another token if this one is old, else with the same.

        A token that another one took the place of long ago was copied by somebody: its session ends, for both of them.
        """
        with self._database.transaction() as connection:
            row = self._found(connection, token)
            if row is None:
                connection.execute(self._sql["end_stolen_session"], {"hash": hash_of(token), **_TIMES})
                return None
            if row["due"]:
                new = _new_token()
                change = {"id": row["id"], "hash": hash_of(token), "new_hash": hash_of(new), **_TIMES}
                if connection.execute(self._sql["rotate_session"], change).fetchone():
                    token = new
        return NewSession(token, Session.from_row(row))

    def principal_of(self, token: str) -> Principal | None:
        """Give whose session it is, as `find` does.

        Raises:
            TooManyRequestsError: if its key or member has asked more often in this minute than they may.
        """
        with self._database.transaction() as connection:
            row = self._found(connection, token)
            if row is None:
                return None
            most = row["requests_per_minute"] or self._most
            count_request(connection, row["workspace_id"], row["key_id"] or row["member_id"], most=most)
        return Session.from_row(row).principal

    def end(self, token: str) -> None:
        """See that the session is good for nothing from now on; that it already was is no mistake."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["end_session"], {"hash": hash_of(token)})

    def end_all(self, token: str) -> int:
        """End each session of the key or member that this one is of; give how many there were."""
        with self._database.transaction() as connection:
            row = self._found(connection, token)
            return connection.execute(self._sql["end_all_sessions"], row).rowcount if row else 0

    def issue_link(self, key_id: str, *, lasts: timedelta = LINK_LASTS) -> SignInLink:
        """Make a link with which a browser may come in once, as the bearer of this key.

        Raises:
            UnauthorizedError: if the key has just been revoked or deleted, or has expired.
        """
        token = f"ml_{secrets.token_urlsafe(32)}"
        row = {"hash": hash_of(token), "key_id": key_id, "lasts": lasts}
        with self._database.transaction() as connection:
            made = connection.execute(self._sql["insert_link"], row).fetchone()
        if made is None:
            raise UnauthorizedError("This key has just been revoked, or has expired.")
        return SignInLink(token, known(made["expires_at"]))

    def forget(self) -> int:
        """Delete the sessions and links that have expired; give how many."""
        with self._database.transaction() as connection:
            return sum(connection.execute(self._sql[kind]).rowcount for kind in ("forget_sessions", "forget_links"))

    def _sign_in(self, find: str, secret: str, refusal: str) -> NewSession:
        token = _new_token()
        with self._database.transaction() as connection:
            if key := connection.execute(self._sql[find], {"hash": hash_of(secret)}).fetchone():
                row = {"hash": hash_of(token), "key_id": key["id"], "lasts": LASTS}
                connection.execute(self._sql["insert_session"], row)
            return self._made(connection, token, refusal)

    def _made(self, connection: Connection[DictRow], token: str, refusal: str) -> NewSession:
        """Give the session that was just made, and let the audit log tell of it."""
        row = self._found(connection, token)
        if row is None:
            raise UnauthorizedError(refusal)
        session = Session.from_row(row)
        enter(connection, session.workspace.id, session.principal.actor)
        connection.execute(self._sql["note_sign_in"], row)
        return NewSession(token, session)

    def _found(self, connection: Connection[DictRow], token: str) -> DictRow | None:
        row = connection.execute(self._sql["find_session"], {"hash": hash_of(token), **_TIMES}).fetchone()
        if row and row["stale"]:
            connection.execute(self._sql["touch_key" if row["key_id"] else "touch_member"], row)
        if row and row["first"]:
            connection.execute(self._sql["confirm_session"], {"hash": hash_of(token)})
        return row


def _new_token() -> str:
    return f"ms_{secrets.token_urlsafe(32)}"
