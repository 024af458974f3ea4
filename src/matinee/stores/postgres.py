"""Postgres: connections, transactions, migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, LiteralString

from psycopg import Connection, InterfaceError, OperationalError
from psycopg.errors import ForeignKeyViolation
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from matinee.model.errors import ConflictError, DatabaseUnavailableError, MatineeError

#: Held while migrating, so that two processes that start at once do not both migrate. Any number not used elsewhere.
_MIGRATION_LOCK = 8_400_000_001


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
            timeout=patience_s,
            num_workers=1,
            check=ConnectionPool.check_connection,  # one that broke while nobody used it is replaced, not handed out
            open=False,
        )

    @contextmanager
    def transaction(self, *, patience_s: float | None = None) -> Iterator[Connection[DictRow]]:
        """Give a connection in a transaction that is committed at the end, or rolled back on an exception.

        Raises:
            DatabaseUnavailableError: if there is no connection within the patience, or it breaks.
            ConflictError: if something was to be written about what somebody else deleted in that moment.
        """
        try:
            self._pool.open()  # nothing happens if it is
            with self._pool.connection(timeout=patience_s) as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise DatabaseUnavailableError from error
        except ForeignKeyViolation as error:
            raise ConflictError("Something that belongs to this was deleted in the same moment.") from error

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
