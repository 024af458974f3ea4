"""The HTTP API as a Lambda function.

It is started from a snapshot that was taken once this module was imported: nothing here may be random, secret, or connected.
What its first request would load is loaded here, so that the snapshot has it.
"""

from typing import Any

import boto3.session  # noqa: F401
import botocore.client  # noqa: F401
from mangum import Mangum

from functions.submit.app import create_app
from functions.telemetry import logger

_adapter = Mangum(create_app(), lifespan="off")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request of API Gateway's."""
    answer: dict[str, Any] = _adapter(event, context)
    return answer
