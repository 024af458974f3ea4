"""Plan the runs of jobs that job-execution hands over, one a message."""

from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import about, logger
from matinee import bootstrap
from matinee.model.errors import DatabaseUnavailableError, NotFoundError
from matinee.model.work import RunOrder

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def warm() -> None:
    """Build what the first run needs before it comes."""
    bootstrap.planner()
    with suppress(DatabaseUnavailableError):  # it may be back by then
        bootstrap.database().ping()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Send the tests of the runs that came; a run that cannot be planned now comes back."""
    return process_partial_response(event=event, record_handler=_plan, processor=processor, context=context)


def _plan(record: SQSRecord) -> None:
    order = RunOrder.model_validate_json(record.body)
    about(run_id=order.run_id)
    try:
        bootstrap.planner().plan(order.workspace_id, order.run_id)
    except NotFoundError:
        logger.info("the run was deleted before it was planned")
