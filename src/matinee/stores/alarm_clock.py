"""When sweep is needed next: in the live table, so that a database which pauses is not woken up to be asked."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from matinee.stores.live_edge import ConditionFailedError, LiveEdge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PLACE = ("sweep", "clock")
#: What was begun so long before a sweep may not have been in the database yet when that looked: a request takes half of it.
_UNDER_WAY = timedelta(minutes=1)


class AlarmClock:
    """Every method raises LiveUnavailableError if DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._edge = LiveEdge(client, table=table, retention_days=30)

    def rings(self) -> bool:
        """Whether sweep is needed now."""
        item = self._edge.get(*_PLACE)
        return item is None or int(item["due"]["N"]) <= time.time()

    def ring(self) -> None:
        """Say that something is about to happen that sweep may have to look after."""
        self._edge.update(*_PLACE, {"due": _seconds(0), "rung": _seconds(time.time())})

    def rest(self, began: datetime, *, until: datetime) -> bool:
        """Let sweep rest until then, for one that began at `began` found nothing to do; False if somebody rang meanwhile."""
        try:
            self._edge.update(
                *_PLACE,
                {"due": _seconds(until.timestamp())},
                condition="attribute_not_exists(#rung) OR #rung < :quiet_since",
                values={":quiet_since": _seconds((began - _UNDER_WAY).timestamp())},
            )
        except ConditionFailedError:
            return False
        return True


def _seconds(moment: float) -> dict[str, str]:
    return {"N": str(int(moment))}
