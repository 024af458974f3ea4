"""Shares of runs in Postgres: with each somebody without a key reads one run's report. Only the hashes of their tokens are kept."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from uuid_utils import uuid7

from matinee.model.access import Principal, Role
from matinee.model.errors import ConflictError, NotFoundError
from matinee.stores.ids import is_id
from matinee.stores.keys import hash_of
from matinee.stores.postgres import Database
from matinee.stores.rows import utc
from matinee.stores.sql import queries

#: How each token begins, which no ticket does.
TOKEN = "sh_"  # noqa: S105 - what it begins with is no secret
#: So many shares a run may have that are good.
MAX_LIVING = 50
#: So much of a token is kept readable: "sh_" and 7 of its 43 characters.
_PREFIX_LENGTH = 10
_NO_RUN = "There is no such run."
_NO_SHARE = "The run has no such share."


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share, as people may see it afterwards."""

    id: str
    name: str
    prefix: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """Read a row of `list_shares`."""
        plain = {each.name: row[each.name] for each in fields(Share)}
        times = {name: utc(value) for name, value in plain.items() if name.endswith("_at")}
        return cls(**{**plain, **times, "id": str(row["id"]), **more})


@dataclass(frozen=True, kw_only=True)
class NewShare(Share):
    """A share that was just made, with its token; it cannot be had again."""

    token: str = field(repr=False)


class Shares:
    """Who outside reads which report. Every method raises DatabaseUnavailableError if Postgres does not answer.

    What people ask of a run's shares raises NotFoundError if the workspace has no such run; also if its id is none at all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("shares")

    def create(self, by: Principal, run_id: str, name: str, *, days: int) -> NewShare:
        """Share a run for so many days, whatever becomes of whoever does it: the share is the workspace's.

        Raises:
            ConflictError: if the run has as many that are good as it may.
        """
        token = f"{TOKEN}{secrets.token_urlsafe(32)}"
        row = {
            **_of_run(by.workspace_id, run_id),
            "id": str(uuid7()),
            "name": name,
            "prefix": token[:_PREFIX_LENGTH],
            "hash": hash_of(token),
            "created_by": by.actor.name if by.actor else "",
            "days": days,
        }
        with self._database.within(by.workspace_id) as connection:
            if not connection.execute(self._sql["lock_run"], row).rowcount:
                raise NotFoundError(_NO_RUN)
            counted = connection.execute(self._sql["count_living"], row).fetchone()
            if counted and counted["living"] >= MAX_LIVING:
                raise ConflictError(f"The run is shared {MAX_LIVING} times, the most it may be. Revoke a share first.")
            made = connection.execute(self._sql["insert_share"], row).fetchone()
        assert made is not None  # noqa: S101 - an INSERT without conditions returns its row
        return NewShare.from_row(made, token=token)

    def list(self, workspace_id: str, run_id: str) -> Sequence[Share]:
        """Give the run's shares, newest first, the expired and the revoked ones among them."""
        wanted = _of_run(workspace_id, run_id)
        with self._database.within(workspace_id) as connection:
            if not connection.execute(self._sql["find_run"], wanted).rowcount:
                raise NotFoundError(_NO_RUN)
            return [Share.from_row(row) for row in connection.execute(self._sql["list_shares"], wanted)]

    def revoke(self, workspace_id: str, run_id: str, share_id: str) -> None:
        """See that the share is good for nothing from now on; that it already was is no mistake.

        Raises:
            NotFoundError: also if the run never had this share.
        """
        if not is_id(share_id):
            raise NotFoundError(_NO_SHARE)
        wanted = {**_of_run(workspace_id, run_id), "id": share_id}
        with self._database.within(workspace_id) as connection:
            if not connection.execute(self._sql["revoke_share"], wanted).rowcount:
                raise NotFoundError(_NO_SHARE)

    def reader_of(self, token: str) -> Principal | None:
        """Give who comes with `token`, unless it is unknown, revoked or expired; note once a minute that it is in use."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["find_share"], {"hash": hash_of(token)}).fetchone()
            if row is None:
                return None
            if row["stale"]:
                connection.execute(self._sql["touch_share"], {"id": row["id"]})
        return Principal(workspace_id=str(row["workspace_id"]), role=Role.VIEWER, run_id=str(row["run_id"]))


def _of_run(workspace_id: str, run_id: str) -> dict[str, Any]:
    if not is_id(run_id):
        raise NotFoundError(_NO_RUN)
    return {"workspace_id": workspace_id, "run_id": run_id}
