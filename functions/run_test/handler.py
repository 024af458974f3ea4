"""Execute the tests that test-execution hands over, one a message."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.telemetry import about, logger, measure
from matinee import bootstrap
from matinee.model.run import RunKind
from matinee.model.work import TestOrder, TestResult
from matinee.usecases.execute import Executor, TryAgainError
from matinee.usecases.vouch import Voucher

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def executor() -> Executor:
    """Wire the use case, once in an environment."""
    return Executor(
        live=bootstrap.live(),
        artifacts=bootstrap.artifacts(),
        runner=bootstrap.runner(),
        reports=bootstrap.reports(),
        vault=bootstrap.vault,
        on_result=_measure,
    )


@cache
def voucher() -> Voucher:
    """Wire what says for health how scripts are confined here."""
    return Voucher(bootstrap.vitals(), bootstrap.confinement())


def _measure(result: TestResult) -> None:
    measure("Tests", 1)
    measure("TestDuration", result.duration_ms, MetricUnit.Milliseconds)


def warm() -> None:
    """Start what the first script and its report will need, before it comes."""
    executor().runner.warm()
    executor().reports.warm()
    voucher().vouch()


def refresh() -> None:
    """Get ready for another run, for that of the last test seems to be over."""
    executor().runner.refresh()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Execute what came; a message whose test shall be tried again is reported as failed and comes back."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    try:
        return process_partial_response(event, record_handler=_execute, processor=processor, context=context)
    finally:
        executor().runner.warm()
        executor().runner.tidy(executor().reports.folder)
        voucher().vouch()


def _execute(record: SQSRecord) -> None:
    order = TestOrder.model_validate_json(record.body)
    about(run_id=order.run_id, test_id=order.test_id)
    queue = bootstrap.test_queue()
    try:
        executor().execute(order, extend=lambda seconds: queue.extend(record.receipt_handle, seconds=seconds))
    except TryAgainError as error:
        logger.info("comes back: %s", error)
        raise
    finally:
        executor().reports.distrust()
        if order.kind is RunKind.TEST:  # a job's tests make no reports
            executor().reports.warm()
