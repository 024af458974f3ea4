"""Tests that are handed on, each under its workspace, and what becomes of their messages."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from functions.dispatch_test import handler as dispatch
from local.worker import Context
from matinee import bootstrap
from matinee.model.script import Language
from matinee.model.work import TestOrder
from matinee.stores.tenants import Tenants

ORDER = TestOrder(
    workspace_id="workspace-7", run_id="r", test_id="t", title="T", language=Language.TYPESCRIPT, module=False, script="a script",
    timeout_seconds=60, retries=0,
)  # fmt: skip
CONTEXT = Context(
    aws_request_id="1", deadline_ms=2**60, function_name="dispatch", invoked_function_arn="arn:aws:lambda:::function:f", memory_limit_in_mb=256,
)  # fmt: skip


@pytest.fixture
def event(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A message of test-execution as Lambda hands it over; it is on the queue, and out of sight for an hour."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t", "AWS_DEFAULT_REGION": "us-east-1", "RUN_TEST_FUNCTION": "run-test",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="test-execution", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
        monkeypatch.setenv("TEST_QUEUE_URL", url)
        bootstrap.reset()
        bootstrap.test_queue().send(ORDER)
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        record = {
            "messageId": "1",
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "eventSource": "aws:sqs",
        }
        yield {"Records": [record]}
    bootstrap.reset()


@pytest.fixture
def run_test(event: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Lambda's answers; it hears the event as it came, and whose it is, or answers nothing."""
    assert event
    client = boto3.client("lambda")
    monkeypatch.setattr(dispatch, "tenants", lambda: Tenants(client, function="run-test"))
    with Stubber(client) as stubber:
        yield stubber


def asked(event: dict[str, Any]) -> dict[str, Any]:
    return {"FunctionName": "run-test", "TenantId": "workspace-7", "Payload": json.dumps(event)}


def answered(payload: Any, **more: Any) -> dict[str, Any]:
    content = json.dumps(payload).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(content), len(content)), **more}


def visible_in(event: dict[str, Any]) -> float:
    """In how many seconds the message is in sight again."""
    from moto.sqs.models import sqs_backends  # noqa: PLC0415  there is no other way to ask

    (queue,) = sqs_backends["123456789012"]["us-east-1"].queues.values()
    (message,) = queue._messages
    assert event
    return float(message.visible_at) / 1000 - time.time()


def test_a_test_is_run_in_its_workspace_s_environment(run_test: Stubber, event: dict[str, Any]) -> None:
    """And its message deleted, for that is what no failure means to SQS's poller."""
    run_test.add_response("invoke", answered({"batchItemFailures": []}), asked(event))

    assert {"batchItemFailures": []} == dispatch.handler(event, CONTEXT)
    run_test.assert_no_pending_responses()


def test_what_run_test_wants_back_comes_back_when_that_has_said(run_test: Stubber, event: dict[str, Any]) -> None:
    """A worker that lost its browser has settled when its message comes again."""
    run_test.add_response("invoke", answered({"batchItemFailures": [{"itemIdentifier": "1"}]}), asked(event))

    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == dispatch.handler(event, CONTEXT)
    assert visible_in(event) > 3000


def test_an_environment_that_died_leaves_the_message_to_its_lease(
    run_test: Stubber, event: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """It had made the message invisible for as long as that; and what it says of its death, with a script in it perhaps, is told nobody."""
    died = answered({"errorMessage": "a script"}, FunctionError="Unhandled")
    run_test.add_response("invoke", died, asked(event))

    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == dispatch.handler(event, CONTEXT)
    assert visible_in(event) > 3000
    assert "a script" not in "".join(capsys.readouterr())


def test_a_test_that_nobody_took_comes_back_soon(run_test: Stubber, event: dict[str, Any]) -> None:
    """Where all environments are busy nothing has begun, and nothing has shortened the message's hour."""
    run_test.add_client_error("invoke", "TooManyRequestsException", http_status_code=429, expected_params=asked(event))

    assert {"batchItemFailures": [{"itemIdentifier": "1"}]} == dispatch.handler(event, CONTEXT)
    assert 0 < visible_in(event) <= 11


def test_the_client_waits_for_as_long_as_a_test_may_run_and_asks_once(event: dict[str, Any]) -> None:
    """A second request would be a second test."""
    assert event
    config = bootstrap.tenants()._client.meta.config

    assert (900, 1) == (config.read_timeout, config.retries["total_max_attempts"])
