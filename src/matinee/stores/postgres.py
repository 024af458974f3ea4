"""Postgres: connections, transactions, migrations."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, LiteralString

from psycopg import Connection, InterfaceError, OperationalError
from psycopg.errors import ForeignKeyViolation
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from matinee.model.access import Actor, acting
from matinee.model.errors import ConflictError, DatabaseUnavailableError, MatineeError

#: Held while migrating, so that two processes that start at once do not both migrate. Any number not used elsewhere.
_MIGRATION_LOCK = 8_400_000_001
#: For so long the pool goes on trying to connect for one who asked. Left alone it would do so after pauses that double up to minutes, and
#: meanwhile be blind to a database that is back (seen: sweeps that failed for 20 minutes, while Postgres was away for seconds in each).
_TRIES_S = 1.0


class Database:
    """A pool of connections, opened when first used. Safe for threads."""

    def __init__(self, conninfo: str, *, max_size: int = 4, patience_s: float = 5.0) -> None:
        kwargs: dict[str, Any] = {"row_factory": dict_row, "connect_timeout": 5, "application_name": "matinee"}
        self._pool = ConnectionPool(
            conninfo,
            kwargs=kwargs,
            connection_class=Connection[DictRow],
            min_size=0,  # a frozen function holds no connection that Postgres waits for
            max_size=max_size,
            num_workers=1,
            check=ConnectionPool.check_connection,  # one that broke while nobody used it is replaced, not handed out
            reconnect_timeout=_TRIES_S,  # after that it tries again for whoever asks next, not after ever longer pauses
            open=False,
        )
        self._patience_s = patience_s

    @contextmanager
    def transaction(self, *, patience_s: float | None = None) -> Iterator[Connection[DictRow]]:
        """Give a connection in a transaction that is committed at the end, or rolled back on an exception.

        Raises:
            DatabaseUnavailableError: if there is no connection within the patience, or it breaks.
            ConflictError: if something was to be written about what somebody else deleted in that moment.
        """
        try:
            self._pool.open()  # nothing happens if it is
            connection = self._connection(self._patience_s if patience_s is None else patience_s)
            try:
                with connection:
                    yield connection
            finally:
                self._pool.putconn(connection)
        except (OperationalError, InterfaceError) as error:
            raise DatabaseUnavailableError from error
        except ForeignKeyViolation as error:
            raise ConflictError("Something that belongs to this was deleted in the same moment.") from error

    @contextmanager
    def within(self, workspace_id: str) -> Iterator[Connection[DictRow]]:
        """Give a transaction in which nothing of another workspace exists, whatever is asked for: row-level security sees to that.

        What it changes is noted as done by whoever acts (`matinee.model.access.acting`).

        Raises:
            DatabaseUnavailableError, ConflictError: as `transaction` does.
        """
        with self.transaction() as connection:
            enter(connection, workspace_id, acting.get())
            yield connection

    def _connection(self, patience_s: float) -> Connection[DictRow]:
        """Give a connection; put it back. It is asked for again and again: to wait in its queue does not make the pool try anew.

        Raises:
            PoolTimeout: if there is none within the patience.
        """
        until = time.monotonic() + patience_s
        while True:
            left = until - time.monotonic()
            try:
                return self._pool.getconn(timeout=max(0.0, min(_TRIES_S, left)))
            except PoolTimeout:
                if left <= _TRIES_S:
                    raise

    def ping(self, *, patience_s: float = 1.0) -> None:
        """Ask whether Postgres answers.

        Raises:
            DatabaseUnavailableError: if not.
        """
        with self.transaction(patience_s=patience_s) as connection:
            connection.execute("SELECT 1")

    def migrate(self) -> list[str]:
        """Bring the schema up to date, all or nothing; give the names of the migrations applied.

        Raises:
            MatineeError: if the schema is newer than this code.
            DatabaseUnavailableError: if Postgres does not answer.
        """
        with self.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
            connection.execute(_SCHEMA_MIGRATIONS)
            done = {row["name"] for row in connection.execute("SELECT name FROM schema_migrations")}
            known = dict(_migrations())
            if unknown := done - known.keys():
                raise MatineeError(f"The database was made by a newer Matinee ({max(unknown)}): update this one.")
            missing = sorted(known.keys() - done)
            for name in missing:
                connection.execute(known[name])
                connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", [name])
        return missing

    def close(self) -> None:
        """Close all connections, for good."""
        self._pool.close()


def enter(connection: Connection[DictRow], workspace_id: str, actor: Actor | None) -> None:
    """Stay in this workspace until the transaction ends, and let what it changes be noted as done by `actor`."""
    told = json.dumps(vars(actor)) if actor else ""
    connection.execute(_ENTER, {"workspace_id": workspace_id, "actor": told})


_ENTER = """
SELECT
    set_config('role', 'matinee_tenant', true),
    set_config('matinee.workspace', %(workspace_id)s, true),
    set_config('matinee.actor', %(actor)s, true)
"""

_SCHEMA_MIGRATIONS = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def _migrations() -> Iterator[tuple[str, LiteralString]]:
    """Give each migration's name (`0001_runs`) and SQL."""
    for file in (files("matinee.stores") / "migrations").iterdir():
        if file.name.endswith(".sql"):
            yield file.name.removesuffix(".sql"), file.read_text()
