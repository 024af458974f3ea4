"""A tick of EventBridge Scheduler's: the time at which a job is to run."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import about, logger
from matinee import bootstrap
from matinee.usecases.tick import time_of_tick


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001 - Lambda passes it
    """Account for the tick: `{"jobId": ..., "scheduledAt": ...}`. What it raises is delivered again."""
    about(job_id=event["jobId"])
    bootstrap.rest().disturb()
    tick = bootstrap.ticker().tick(event["jobId"], time_of_tick(event["scheduledAt"]))
    outcome = tick.outcome.value if tick else "unknown"
    logger.info("tick", at=event["scheduledAt"], outcome=outcome)
    return {"outcome": outcome}
