"""Saved variables in Postgres: what scripts are given, of a workspace or of one of its jobs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from matinee.model.access import acting
from matinee.model.errors import InvalidFieldsError, NotFoundError
from matinee.model.variables import MAX_VARIABLES, MAX_VARIABLES_BYTES
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.sql import queries
from matinee.stores.vault import Vault

_NONE = "There is no such job: it was already deleted, or never existed."


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A saved variable, as far as anybody may see it."""

    name: str
    secret: bool
    value: str | None  #: None of a secret
    updated_at: datetime
    updated_by: str


class Variables:
    """All saved variables; `job_id` None means those of the workspace. A job's stand in the place of the workspace's of the same name.

    Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer, and NotFoundError if the workspace
    has no such job.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._sql = queries("variables")

    def list(self, workspace_id: str, job_id: str | None) -> Sequence[Variable]:
        """Give them all, by their names."""
        wanted = _named(workspace_id, job_id)
        with self._database.within(workspace_id) as connection:
            self._look(connection, wanted)
            return [Variable(**row) for row in connection.execute(self._sql["list"], wanted)]

    def put(self, workspace_id: str, job_id: str | None, *, name: str, value: str, secret: bool) -> Variable:
        """Save a variable, new or in the place of what it was. From now on nobody but run_test can read a secret.

        Raises:
            InvalidFieldsError: if there were too many then, or they would be too large together.
            VaultUnavailableError, VaultKeyError: if there is no key to encrypt it with.
        """
        wanted = {**_named(workspace_id, job_id), "name": name}
        sealed = self._vault.seal(workspace_id, {name: value}, secret=secret)
        who = acting.get()
        row = {
            **wanted,
            "secret": secret,
            "value": None if secret else value,
            "sealed": sealed.text,
            "bytes": len(json.dumps({name: value})),
            "updated_by": who.name if who else "Matinee",
        }
        with self._database.within(workspace_id) as connection:
            self._hold(connection, wanted)
            _check_room(connection.execute(self._sql["others"], wanted).fetchone(), row)
            saved = connection.execute(self._sql["put"], row).fetchone()
        assert saved is not None  # noqa: S101 - the statement inserts or updates, and returns either row
        return Variable(**saved)

    def delete(self, workspace_id: str, job_id: str | None, name: str) -> None:
        """Delete a variable; NotFoundError also if there is none of this name."""
        wanted = {**_named(workspace_id, job_id), "name": name}
        with self._database.within(workspace_id) as connection:
            self._hold(connection, wanted)
            if not connection.execute(self._sql["delete"], wanted).rowcount:
                raise NotFoundError("There is no variable of this name.")

    def _look(self, connection: Connection[DictRow], wanted: dict[str, Any]) -> None:
        if wanted["job_id"] and connection.execute(self._sql["job"], wanted).fetchone() is None:
            raise NotFoundError(_NONE)

    def _hold(self, connection: Connection[DictRow], wanted: dict[str, Any]) -> None:
        """Let nobody else change what is there: of two at once the second counts the first one's."""
        held = connection.execute(self._sql["hold_job" if wanted["job_id"] else "hold_workspace"], wanted)
        if held.fetchone() is None:
            raise NotFoundError(_NONE)


def _named(workspace_id: str, job_id: str | None) -> dict[str, Any]:
    if job_id is not None and not is_id(job_id):
        raise NotFoundError(_NONE)
    return {"workspace_id": workspace_id, "job_id": job_id}


def _check_room(others: DictRow | None, row: dict[str, Any]) -> None:
    number, size = (others["number"], others["bytes"]) if others else (0, 0)
    if number + 1 > MAX_VARIABLES:
        raise InvalidFieldsError({"name": f"there are {number} variables already; {MAX_VARIABLES} are the most"})
    if size + row["bytes"] > MAX_VARIABLES_BYTES:
        fault = f"the variables would have {size + row['bytes']:,} bytes together; {MAX_VARIABLES_BYTES:,} are the most"
        raise InvalidFieldsError({"value": fault})
