"""Time zones by their IANA names."""

from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from matinee.model.cron_fields import CronError

_MAX_ZONE_LENGTH = 60


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def zone_of(name: str) -> ZoneInfo:
    """Give the zone of that name.

    Raises:
        CronError: if there is none, with one that was perhaps meant.
    """
    if name in _zones():
        return ZoneInfo(name)
    wanted = name.strip().lower().replace(" ", "_")
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(_zones(), reverse=True)}
    known = cities | {zone.lower(): zone for zone in _zones()}
    near = get_close_matches(wanted, known, 1, 0.7) if len(wanted) <= _MAX_ZONE_LENGTH else []
    raise CronError(
        f"there is no time zone {name[:_MAX_ZONE_LENGTH]!a}: it takes a name such as Europe/Berlin or UTC",
        suggestion=known[near[0]] if near else None,
    )
