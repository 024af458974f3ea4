"""Make the reports of the runs that report-merge hands over, one a message."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import about, logger
from matinee import bootstrap
from matinee.model.work import RunOrder


def warm() -> None:
    """Load what the next report needs, before it is asked for."""
    bootstrap.merger().reports.warm()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Make the reports of the runs that came; a run whose report cannot be made now comes back."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    try:
        return process_partial_response(event, record_handler=_merge, processor=processor, context=context)
    finally:
        warm()


def _merge(record: SQSRecord) -> None:
    order = RunOrder.model_validate_json(record.body)
    about(run_id=order.run_id)
    bootstrap.merger().merge(order)
