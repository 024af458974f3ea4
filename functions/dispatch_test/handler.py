"""Hand the tests of test-execution to run_test, each under its workspace, where Lambda keeps those apart (docs/operations.md)."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.telemetry import about, logger
from matinee import bootstrap
from matinee.model.errors import LiveUnavailableError, MatineeError
from matinee.model.work import TestOrder
from matinee.stores.tenants import NotTakenError, Tenants

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

#: When a test comes again that no environment took, in s; its message would stay invisible for as long as six tests may take.
_AGAIN_SECONDS = 10


class WantedBackError(MatineeError):
    """run_test wants the test to be delivered again; when, it has settled."""


@cache
def tenants() -> Tenants:
    """Wire it, once in an environment."""
    return bootstrap.tenants()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Let run_test answer for what came."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, record_handler=_hand_on, processor=processor, context=context)


def _hand_on(record: SQSRecord) -> None:
    order = TestOrder.model_validate_json(record.body)
    about(run_id=order.run_id, test_id=order.test_id)
    try:
        answer = tenants().run(json.dumps({"Records": [record.raw_event]}), tenant_id=order.workspace_id)
    except NotTakenError:
        _soon_again(record)
        raise
    if answer["batchItemFailures"]:
        raise WantedBackError


def _soon_again(record: SQSRecord) -> None:
    try:
        bootstrap.test_queue().extend(record.receipt_handle, seconds=_AGAIN_SECONDS)
    except LiveUnavailableError:
        logger.info("sweep will send it again")
