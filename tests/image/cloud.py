"""AWS as a function finds it: the embedded emulator with the template in it, and a test that plays SQS's poller."""

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.config import Config

from local.deploy import Deployed, Deployment
from local.emulator import REGION, Emulator
from local.template import template
from matinee.model.confinement import Confinement
from matinee.model.run import RunKind
from matinee.model.script import Language
from matinee.model.work import TestOrder, TestResult
from matinee.stores.artifacts import report_prefix
from matinee.stores.live import LiveTable
from matinee.stores.vitals import Vitals
from tests.image.runtime_api import RuntimeApi

WORKSPACE = "workspace"
_MOST_DELIVERIES = 4
_PARAMETERS = {"BundlesBucket": "none", "RunnerImageUri": "image", "DatabaseSecretArn": "none"}


class Cloud:
    """The stack in the emulator. Nothing takes from its queues but `deliver`."""

    def __init__(self, folder: Path) -> None:
        self._emulator = Emulator(folder / "aws", log=folder / "emulator.log", proxies={})
        self._emulator.launch()
        try:
            self._emulator.wait()
            self._session = self._emulator.session
            deployment = Deployment(self._session, endpoint=self._emulator.endpoint)
            self._functions = deployment.deploy(template(), parameters=_PARAMETERS, concurrency=None)
            self._leave_queues_alone()
        except BaseException:
            self._emulator.close()
            raise
        deployed = self._functions["run_test"].environment
        self._queue_url = deployed["TEST_QUEUE_URL"]
        self._bucket = deployed["ARTIFACTS_BUCKET"]
        self._sqs, self.s3 = self._client("sqs"), self._client("s3")
        self.live = LiveTable(self._client("dynamodb"), table=deployed["LIVE_TABLE"])

    def environment(self, function: str) -> dict[str, str]:
        """Give what the function has in its environment."""
        deployed: Deployed = self._functions[function]
        return {**deployed.environment, **self._emulator.environment}

    def run(self, api: RuntimeApi, script: str, **more: Any) -> tuple[TestOrder, TestResult]:
        """Put an order on the queue and deliver it until its test has ended; give its result."""
        run_id = str(uuid.uuid4())
        fields: dict[str, Any] = {
            "workspace_id": WORKSPACE, "run_id": run_id, "test_id": run_id, "title": "Test", "language": Language.TYPESCRIPT,
            "module": False, "script": script, "timeout_seconds": 60, "retries": 0, "kind": RunKind.TEST,
        }  # fmt: skip
        order = TestOrder(**{**fields, **more})
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=order.model_dump_json())
        for _ in range(_MOST_DELIVERIES):
            if self._deliver(api):
                break
        result = self.live.states(run_id)[order.test_id].result
        assert result is not None, "the function took the order, and its test has no end"
        return order, result

    def files(self, order: TestOrder) -> dict[str, int]:
        """Give what a run left in the bucket, below its own prefix: names and sizes."""
        prefix = report_prefix(order.workspace_id, order.run_id).removesuffix("report/")
        found = self.s3.list_objects_v2(Bucket=self._bucket, Prefix=prefix).get("Contents", [])
        return {each["Key"].removeprefix(prefix): each["Size"] for each in found}

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Put a document into the bucket."""
        self.s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(document).encode())

    def confinement(self) -> Confinement | None:
        """Give what the function says of how it confines scripts."""
        return Vitals(
            self._client("dynamodb"), table=self._functions["run_test"].environment["LIVE_TABLE"]
        ).confinement()

    def close(self) -> None:
        """End the emulator."""
        self._emulator.close()

    def _deliver(self, api: RuntimeApi) -> bool:
        """Receive a message and hand it over; delete it, unless the function wants it back."""
        message = self._receive()
        answer = api.invoke({"Records": [record(message["Body"], message["ReceiptHandle"])]})
        if answer["batchItemFailures"]:
            return False
        self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _receive(self) -> Any:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if found := self._sqs.receive_message(QueueUrl=self._queue_url, WaitTimeSeconds=1).get("Messages"):
                return found[0]
        raise TimeoutError("the message did not come back to the queue")

    def _leave_queues_alone(self) -> None:
        client = self._client("lambda")
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            client.delete_event_source_mapping(UUID=mapping["UUID"])

    def _client(self, service: Any) -> Any:
        return self._session.client(
            service, endpoint_url=self._emulator.endpoint, config=Config(s3={"addressing_style": "path"})
        )


def record(body: str, receipt: str = "receipt") -> dict[str, Any]:
    """Compose a message as Lambda hands it over."""
    return {
        "messageId": str(uuid.uuid4()), "receiptHandle": receipt, "body": body, "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q", "awsRegion": REGION,
    }  # fmt: skip
