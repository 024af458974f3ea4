"""What workers say of themselves: in the live table, for they reach no other place that health reads."""

from typing import TYPE_CHECKING

from matinee.model.confinement import Confinement
from matinee.stores.live_edge import LiveEdge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PLACE = ("health", "confinement")


class Vitals:
    """Every method raises LiveUnavailableError if DynamoDB does not answer."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._edge = LiveEdge(client, table=table, retention_days=7)

    def confined(self, confinement: Confinement) -> None:
        """Say how scripts are confined where this worker is; the last one's word stands."""
        self._edge.update(*_PLACE, {"body": {"S": confinement.model_dump_json()}})

    def confinement(self) -> Confinement | None:
        """Give what a worker said last; None if none has within a week."""
        item = self._edge.get(*_PLACE)
        return Confinement.model_validate_json(item["body"]["S"]) if item else None
