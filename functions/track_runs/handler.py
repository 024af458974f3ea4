"""The live table's stream into Postgres."""

from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import about, logger
from matinee import bootstrap
from matinee.model.errors import DatabaseUnavailableError

# A whole batch that fails says so like any other: raising would lose which record was the first.
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def warm() -> None:
    """Build what the first record needs before it comes: a run's own events must not lag behind those of its tests."""
    bootstrap.tracker()
    with suppress(DatabaseUnavailableError):  # it may be back by then
        bootstrap.database().ping()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Copy what the live table says into Postgres, one stream record after another."""
    return process_partial_response(event=event, record_handler=_apply, processor=processor, context=context)


def _apply(record: DynamoDBRecord) -> None:
    image = record.raw_event["dynamodb"]["NewImage"]
    about(run_id=image.get("pk", {}).get("S", "unknown"))
    bootstrap.tracker().apply(image)
