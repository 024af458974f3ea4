"""When sweep came, in Postgres: what it did not get to, and when nobody was there at all."""

from datetime import datetime, timedelta

from matinee.stores.postgres import Database
from matinee.stores.sql import queries

#: Sweep comes every minute; where none has come to its end for so long, Matinee was away.
_AWAY_AFTER = timedelta(minutes=3)


class Sweeps:
    """Sweeps and the time between them. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("sweeps")

    def begin(self, at: datetime) -> datetime | None:
        """Give when the last sweep began that came to its end; if that was long ago, note that Matinee was away."""
        with self._database.transaction() as connection:
            row = connection.execute(self._sql["last_sweep"]).fetchone()
            last: datetime | None = row["at"] if row else None
            if last and at - last > _AWAY_AFTER:
                connection.execute(self._sql["note_outage"], {"began_at": last, "ended_at": at})
        return last

    def end(self, began: datetime) -> None:
        """Note that a sweep came to its end."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["note_sweep"], {"at": began})

    def forget(self, before: datetime) -> None:
        """Delete what is known of the time before then."""
        with self._database.transaction() as connection:
            connection.execute(self._sql["forget_outages"], {"before": before})
