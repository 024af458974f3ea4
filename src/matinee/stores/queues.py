"""The queue test-execution (SQS)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from matinee.model.errors import LiveUnavailableError
from matinee.model.work import TestOrder

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: The longest order sent as a message, in bytes. SQS allows 256 KiB; a Lambda event carries it escaped, and more.
MAX_MESSAGE_BYTES = 200_000


def fits(order: TestOrder) -> bool:
    """Whether `order` fits a message as it is; if not, its script goes through S3."""
    return len(_body(order)) <= MAX_MESSAGE_BYTES


class TestQueue:
    """Orders on their way to run_test."""

    __test__ = False

    def __init__(self, client: "SQSClient", *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, order: TestOrder) -> None:
        """Put `order` on the queue. It is delivered at least once.

        Raises:
            LiveUnavailableError: if SQS does not answer; the order may have been queued all the same.
        """
        with _translated():
            self._client.send_message(QueueUrl=self._url, MessageBody=_body(order))

    def extend(self, receipt_handle: str, *, seconds: int) -> None:
        """Keep a received message invisible for `seconds` from now (0: it comes back at once).

        Raises:
            LiveUnavailableError: if SQS does not answer, or the message is not ours any more.
        """
        with _translated():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    def ping(self) -> None:
        """Ask whether the queue is there.

        Raises:
            LiveUnavailableError: if not.
        """
        with _translated():
            self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])


def _body(order: TestOrder) -> str:
    """Write `order` in ASCII: SQS refuses some characters that a script may well have."""
    return order.model_dump_json(exclude_none=True, ensure_ascii=True)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise LiveUnavailableError("The queue does not answer. Try again in a moment.") from error
