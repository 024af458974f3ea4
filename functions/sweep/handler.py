"""Every minute: what got lost."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from matinee import bootstrap

logger = Logger(service="sweep")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, int]:  # noqa: ARG001 - Lambda passes it
    """Mend what got lost; `{"everything": true}` waits for nothing, for a start with an empty queue and live table."""
    mended = bootstrap.sweeper().sweep(everything=event.get("everything") is True)
    logger.info("swept", mended=mended)
    return mended
