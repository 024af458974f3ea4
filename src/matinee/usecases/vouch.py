"""Say for /api/health how scripts are confined where a worker runs them."""

import time

from matinee.model.confinement import Confinement
from matinee.model.errors import LiveUnavailableError
from matinee.stores.vitals import Vitals

#: The table of a laptop's emulator forgets all when that starts anew.
_EVERY_SECONDS = 600.0


class Voucher:
    """Says it again and again, but not with every test."""

    def __init__(self, vitals: Vitals, confinement: Confinement) -> None:
        self._vitals, self._confinement = vitals, confinement
        self._due = 0.0  # on the monotonic clock

    def vouch(self) -> None:
        """Say it, if that is due; where the table does not answer, another time."""
        if time.monotonic() < self._due:
            return
        try:
            self._vitals.confined(self._confinement)
        except LiveUnavailableError:
            return
        self._due = time.monotonic() + _EVERY_SECONDS
