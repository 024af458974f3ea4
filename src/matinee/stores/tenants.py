"""run_test where Lambda gives each tenant environments of its own, in which nobody else's script has ever been.

Lambda asks who that is with each invocation (https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html), which its own SQS poller cannot say.
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from matinee.model.errors import MatineeError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class NotTakenError(MatineeError):
    """No environment took the test: all are busy, or Lambda does not answer."""


class TenantLostError(MatineeError):
    """The environment that ran the test ended before it did. Its lease will, too, and then the message comes back."""


class Tenants:
    """One function, in an environment for each tenant."""

    def __init__(self, client: "LambdaClient", *, function: str) -> None:
        """Take a client that waits for as long as the function may run, and asks once."""
        self._client = client
        self._function = function

    def run(self, event: str, *, tenant_id: str) -> Any:
        """Let the function have `event`, which is JSON, in an environment of the tenant's; wait for its answer, and give that.

        Raises:
            NotTakenError: if nothing has begun.
            TenantLostError: if it began, and did not end.
        """
        try:
            answer = self._client.invoke(FunctionName=self._function, TenantId=tenant_id, Payload=event)
        except (BotoCoreError, ClientError) as error:
            raise NotTakenError from error
        if "FunctionError" in answer:  # what it says may have the script in it
            raise TenantLostError
        return json.loads(answer["Payload"].read())
