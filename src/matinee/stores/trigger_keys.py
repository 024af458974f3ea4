"""Trigger keys in Postgres: each lets somebody outside run one job. Only their hashes are kept."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from psycopg import Connection
from psycopg.rows import DictRow
from uuid_utils import uuid7

from matinee.model.errors import ConflictError, NotFoundError, TooManyRequestsError, UnauthorizedError
from matinee.stores.ids import is_id
from matinee.stores.keys import hash_of
from matinee.stores.postgres import Database
from matinee.stores.rows import utc
from matinee.stores.sql import queries

MAX_LIVING = 20
#: So many of a job's revoked and expired keys are kept, for people to see what there was.
DEAD_KEPT = 100
#: A key may be used so often in a window, which begins with the first use after the window before.
USES_IN_WINDOW = 10
WINDOW = timedelta(seconds=60)
#: So much of a key is kept readable: "mtt_" and 7 of its 43 characters.
_PREFIX_LENGTH = 11


@dataclass(frozen=True, kw_only=True)
class TriggerKey:
    """A trigger key, as people may see it afterwards."""

    id: str
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """Read a row of `list_trigger_keys`."""
        plain = {each.name: row[each.name] for each in fields(TriggerKey)}
        times = {name: utc(value) for name, value in plain.items() if name.endswith("_at")}
        return cls(**{**plain, **times, "id": str(row["id"]), **more})


@dataclass(frozen=True, kw_only=True)
class NewTriggerKey(TriggerKey):
    """A trigger key that was just made, with the key itself; it cannot be had again."""

    key: str = field(repr=False)


class TriggerCaller(NamedTuple):
    """The bearer of a trigger key. It may run this job, and do nothing else."""

    key_id: str
    workspace_id: str
    job_id: str


class TriggerKeys:
    """Who may run which job from outside. Every method raises DatabaseUnavailableError if Postgres does not answer.

    What people ask of a job's keys raises NotFoundError if the workspace has no such job; also if its id is none at all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("trigger_keys")

    def create(self, workspace_id: str, job_id: str, name: str, *, days: int) -> NewTriggerKey:
        """Make a key that is good for so many days.

        Raises:
            ConflictError: if the job has as many living ones as it may.
        """
        key = f"mtt_{secrets.token_urlsafe(32)}"
        row = {
            **_of_job(workspace_id, job_id),
            "id": str(uuid7()),
            "name": name,
            "prefix": key[:_PREFIX_LENGTH],
            "hash": hash_of(key),
            "days": days,
        }
        with self._database.within(workspace_id) as connection:
            self._make_room(connection, row)
            made = connection.execute(self._sql["insert_trigger_key"], row).fetchone()
        assert made is not None  # noqa: S101 - an INSERT without conditions returns its row
        return NewTriggerKey.from_row(made, key=key)

    def list(self, workspace_id: str, job_id: str) -> Sequence[TriggerKey]:
        """Give the job's keys, newest first, the expired and the revoked ones among them."""
        wanted = _of_job(workspace_id, job_id)
        with self._database.within(workspace_id) as connection:
            self._see_job(connection, "find_job", wanted)
            return [TriggerKey.from_row(row) for row in connection.execute(self._sql["list_trigger_keys"], wanted)]

    def revoke(self, workspace_id: str, job_id: str, key_id: str) -> None:
        """See that the key is good for nothing from now on; that it already was is no mistake.

        Raises:
            NotFoundError: also if the job never had this key.
        """
        if not is_id(key_id):
            raise NotFoundError(_NO_KEY)
        wanted = {**_of_job(workspace_id, job_id), "id": key_id}
        with self._database.within(workspace_id) as connection:
            self._see_job(connection, "find_job", wanted)
            if not connection.execute(self._sql["revoke_trigger_key"], wanted).rowcount:
                raise NotFoundError(_NO_KEY)

    def caller_of(self, key: str) -> TriggerCaller | None:
        """Give the bearer of `key`, unless it is unknown, revoked or expired."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["find_trigger_key"], {"hash": hash_of(key)}).fetchone()
        return TriggerCaller(str(row["id"]), str(row["workspace_id"]), str(row["job_id"])) if row else None

    def use(self, key_id: str) -> None:
        """Count a use of the key.

        Raises:
            TooManyRequestsError: if it was used as often as it may be in this window; nothing is counted then.
            UnauthorizedError: if it has been revoked or deleted, or has expired, since its bearer was let in.
        """
        wanted = {"id": key_id, "window": WINDOW, "most": USES_IN_WINDOW}
        with self._database.transaction() as connection:
            if connection.execute(self._sql["use_trigger_key"], wanted).rowcount:
                return
            window = connection.execute(self._sql["window_of_trigger_key"], wanted).fetchone()
        if window is None:
            raise UnauthorizedError("This trigger key has just been revoked, or has expired.")
        raise _too_often(window["seconds_left"])

    def _make_room(self, connection: Connection[DictRow], row: Mapping[str, Any]) -> None:
        self._see_job(connection, "lock_job", row)
        counted = connection.execute(self._sql["count_living"], row).fetchone()
        if counted and counted["living"] >= MAX_LIVING:
            raise ConflictError(
                f"The job has {MAX_LIVING} trigger keys, the most it may have. Revoke one of them first."
            )
        connection.execute(self._sql["forget_dead"], {**row, "keep": DEAD_KEPT})

    def _see_job(self, connection: Connection[DictRow], how: str, wanted: Mapping[str, Any]) -> None:
        if not connection.execute(self._sql[how], wanted).rowcount:
            raise NotFoundError(_NO_JOB)


_NO_JOB = "There is no such job: it was already deleted, or never existed."
_NO_KEY = "The job has no such trigger key."


def _of_job(workspace_id: str, job_id: str) -> dict[str, Any]:
    if not is_id(job_id):
        raise NotFoundError(_NO_JOB)
    return {"workspace_id": workspace_id, "job_id": job_id}


def _too_often(seconds: int) -> TooManyRequestsError:
    often = f"{USES_IN_WINDOW} times in {WINDOW.seconds} seconds"
    return TooManyRequestsError(f"A trigger key may be used {often}. Try again in {seconds} s.", retry_after=seconds)
