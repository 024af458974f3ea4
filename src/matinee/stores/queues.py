"""The queues (SQS): test-execution, job-execution, report-merge, and where each one's dead letters lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from matinee.model.errors import LiveUnavailableError
from matinee.model.work import TestOrder

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: The longest order that is sent as a message with its script, in bytes. SQS allows 1 MiB, and a Lambda event carries it escaped; encrypted
#: variables, which always travel in it, may have a third of that.
MAX_MESSAGE_BYTES = 200_000

_Order = TypeVar("_Order", bound=BaseModel)


def fits(order: TestOrder) -> bool:
    """Whether `order` fits a message as it is; if not, its script goes through S3."""
    return len(_body(order)) <= MAX_MESSAGE_BYTES


@dataclass(frozen=True)
class Received(Generic[_Order]):
    """A message that was taken from a queue; it comes back unless it is deleted."""

    order: _Order | None  #: None if it is none of ours
    receipt_handle: str


class Queue(Generic[_Order]):
    """Orders of one kind on their way to a function. Every method raises LiveUnavailableError if SQS does not answer."""

    def __init__(self, client: "SQSClient", *, url: str, kind: type[_Order]) -> None:
        self._client = client
        self._url = url
        self._kind = kind

    def send(self, order: _Order) -> None:
        """Put `order` on the queue. It is delivered at least once; after an error it may be there all the same."""
        with _translated():
            self._client.send_message(QueueUrl=self._url, MessageBody=_body(order))

    def extend(self, receipt_handle: str, *, seconds: int) -> None:
        """Keep a received message invisible for `seconds` from now (0: it comes back at once).

        Raises:
            LiveUnavailableError: also if the message is not ours any more.
        """
        with _translated():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    def receive(self) -> list[Received[_Order]]:
        """Take up to ten messages, if there are any at this moment; Lambda's own poller does not come this way."""
        with _translated():
            answer = self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [Received(self._read(each["Body"]), each["ReceiptHandle"]) for each in answer.get("Messages", [])]

    def delete(self, receipt_handle: str) -> None:
        """Delete a received message for good."""
        with _translated():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt_handle)

    def ping(self) -> None:
        """Ask whether the queue is there.

        Raises:
            LiveUnavailableError: if not.
        """
        with _translated():
            self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])

    def _read(self, body: str) -> _Order | None:
        try:
            return self._kind.model_validate_json(body)
        except ValidationError:
            return None


def _body(order: BaseModel) -> str:
    """Write `order` in ASCII: SQS refuses some characters that a script may well have."""
    return order.model_dump_json(exclude_none=True, ensure_ascii=True)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise LiveUnavailableError("The queue does not answer. Try again in a moment.") from error
