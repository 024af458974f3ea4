"""Every minute: what got lost."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import logger, measure
from matinee import bootstrap


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, int]:  # noqa: ARG001 - Lambda passes it
    """Mend what got lost; `{"everything": true}` waits for nothing, for a start with an empty queue and live table."""
    everything = event.get("everything") is True
    if not everything and not bootstrap.rest().over():
        return {}
    began = datetime.now(UTC)
    sweeper = bootstrap.sweeper()
    mended = sweeper.sweep(everything=everything)
    measure("StuckRuns", sweeper.tracking.stuck())
    logger.info("swept", mended=mended)
    if not mended and bootstrap.rest().begin(began):
        bootstrap.reset()  # a connection that is open keeps the database awake
    return mended
