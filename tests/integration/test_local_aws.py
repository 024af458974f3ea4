"""The stack in the emulator, with stand-ins for its functions: what reaches whom, and what survives."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import environment
from local.aws import INVOKED
from local.deploy import Deployed, Deployment, deployed_name
from local.dispatch import Dispatcher
from local.emulator import Emulator
from local.errors import StackError
from local.pool import Function
from local.template import template
from tests.integration.procfs import listeners, listening

_PARAMETERS = {
    "BundlesBucket": "none",
    "RunnerImageUri": "none",
    "DatabaseSecretArn": "none",
}


@dataclass
class Cloud:
    """The emulator with the stack in it, and the folder where its functions write down what they got."""

    emulator: Emulator
    dispatcher: Dispatcher
    folder: Path

    def __post_init__(self) -> None:
        self.session = self.emulator.session
        self.functions: dict[str, Deployed] = {}

    def start(self) -> None:
        """Start the emulator, deploy, serve."""
        self.emulator.launch()
        self.emulator.wait()
        deployment = Deployment(self.session, endpoint=self.emulator.endpoint)
        self.functions = deployment.deploy(template(), parameters=_PARAMETERS, concurrency=2)
        aws = {**self.emulator.environment, "PYTHONPATH": str(Path(__file__).parent)}
        self.dispatcher.serve(
            Function(
                name=name,
                module="recorder",
                timeout_seconds=30,
                environment=environment.for_function(
                    name,
                    self.functions[name],
                    aws=aws,
                    database_url="postgresql://nobody@/nothing",
                    scratch=self.folder,
                    vault_key=self.folder / "secrets.key",
                ),
            )
            for name in INVOKED
        )

    def client(self, service: Any) -> Any:
        """Give a client of the emulator's."""
        return self.session.client(service, endpoint_url=self.emulator.endpoint)

    def named(self, variable: str) -> str:
        """Give the name of a resource, as run_test is told it."""
        return self.functions["run_test"].environment[variable]

    def heard(self, function: str, *, enough: Callable[[list[Any]], bool], seconds: float = 10) -> list[Any]:
        """Give the events that `function` got, as soon as they are enough."""
        deadline = time.monotonic() + seconds
        while True:
            paths = sorted(self.folder.glob(f"{deployed_name(function)}-*.json"))
            events = [json.loads(path.read_text()) for path in paths]
            if enough(events):
                return events
            assert time.monotonic() < deadline, f"{function} got only {events}"
            time.sleep(0.02)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud that has started; ended afterwards."""
    dispatcher = Dispatcher(logs=tmp_path)
    proxies = {deployed_name(name): dispatcher.url(name) for name in INVOKED}
    emulator = Emulator(tmp_path / "aws", log=tmp_path / "emulator.log", proxies=proxies)
    folder = tmp_path / "events"
    folder.mkdir()
    cloud = Cloud(emulator, dispatcher, folder)
    try:
        cloud.start()
        yield cloud
    finally:
        dispatcher.close()
        emulator.close()


def _item(sk: str) -> dict[str, Any]:
    return {"pk": {"S": "run"}, "sk": {"S": sk}}


def test_a_message_reaches_run_test_alone_and_comes_back_when_it_fails(cloud: Cloud) -> None:
    """One message an event; a failed one is delivered again once it is visible."""
    queue = cloud.client("sqs")
    for body in ("first", "fail"):
        queue.send_message(QueueUrl=cloud.named("TEST_QUEUE_URL"), MessageBody=body)
    events = cloud.heard("run_test", enough=lambda events: len(events) == 2)
    records = [event["Records"] for event in events]
    assert [1, 1] == [len(found) for found in records]
    assert {"first", "fail"} == {found[0]["body"] for found in records}

    [failed] = [found[0] for found in records if found[0]["body"] == "fail"]
    queue.change_message_visibility(
        QueueUrl=cloud.named("TEST_QUEUE_URL"), ReceiptHandle=failed["receiptHandle"], VisibilityTimeout=0
    )
    again = cloud.heard("run_test", enough=lambda events: len(events) == 3)[-1]["Records"][0]

    assert ("fail", "2") == (again["body"], again["attributes"]["ApproximateReceiveCount"])


def test_new_leases_results_and_reports_reach_track_runs_and_nothing_else_does(cloud: Cloud) -> None:
    """Events are for clients; a renewed lease is no news."""
    table, name = cloud.client("dynamodb"), cloud.named("LIVE_TABLE")
    for sk in ("event#0000000001", "lease#t", "said#queued", "lease#t", "result#t", "report#t"):
        table.put_item(TableName=name, Item=_item(sk))

    def keys(events: list[Any]) -> list[str]:
        return [record["dynamodb"]["Keys"]["sk"]["S"] for event in events for record in event["Records"]]

    events = cloud.heard("track_runs", enough=lambda events: "report#t" in keys(events))

    assert ["lease#t", "result#t", "report#t"] == keys(events)


def test_what_the_emulator_does_not_take_from_a_template_is_set_after_it(cloud: Cloud) -> None:
    """Items expire, and as many tests run at once as there are workers."""
    expiry = cloud.client("dynamodb").describe_time_to_live(TableName=cloud.named("LIVE_TABLE"))
    mappings = cloud.client("lambda").list_event_source_mappings(FunctionName=deployed_name("run_test"))

    assert "expires_at" == expiry["TimeToLiveDescription"]["AttributeName"]
    assert "ENABLED" == expiry["TimeToLiveDescription"]["TimeToLiveStatus"]
    assert [{"MaximumConcurrency": 2}] == [found["ScalingConfig"] for found in mappings["EventSourceMappings"]]


def test_objects_outlive_a_killed_emulator_and_the_stack_takes_their_bucket_back(cloud: Cloud) -> None:
    """All else begins anew, under the names that it had; the port stays too."""
    bucket, before, endpoint = cloud.named("ARTIFACTS_BUCKET"), cloud.functions, cloud.emulator.endpoint
    cloud.client("s3").put_object(Bucket=bucket, Key="runs/w/r/x.txt", Body=b"kept", ContentType="text/plain")
    cloud.client("dynamodb").put_item(TableName=cloud.named("LIVE_TABLE"), Item=_item("event#1"))
    assert cloud.emulator._program is not None
    cloud.emulator._program.process.kill()
    cloud.emulator._program.process.wait()
    assert not cloud.emulator.running

    cloud.start()
    kept = cloud.client("s3").get_object(Bucket=bucket, Key="runs/w/r/x.txt")
    assert (b"kept", "text/plain") == (kept["Body"].read(), kept["ContentType"])
    assert before == cloud.functions
    assert endpoint == cloud.emulator.endpoint
    assert 0 == cloud.client("dynamodb").scan(TableName=cloud.named("LIVE_TABLE"))["Count"]


def test_a_second_deployment_of_the_same_template_changes_nothing(cloud: Cloud) -> None:
    """Queued messages stay where they are."""
    before = cloud.functions
    again = Deployment(cloud.session, endpoint=cloud.emulator.endpoint).deploy(
        template(), parameters=_PARAMETERS, concurrency=2
    )

    assert before == again


def test_a_template_that_cannot_be_deployed_gets_a_sentence(cloud: Cloud) -> None:
    """With the resource and the reason."""
    broken = json.loads(template())
    broken["Resources"]["Broken"] = {"Type": "AWS::No::Such"}

    with pytest.raises(StackError, match=r"could not be deployed|Broken"):
        Deployment(cloud.session, endpoint=cloud.emulator.endpoint).deploy(
            json.dumps(broken), parameters=_PARAMETERS, concurrency=None
        )


def test_it_opens_its_own_port_on_loopback_and_no_other(cloud: Cloud) -> None:
    """No SFTP, no MQTT, nothing for the network."""
    assert cloud.emulator._program is not None
    port = int(cloud.emulator.endpoint.rpartition(":")[2])

    assert {("0100007F", port)} >= listening(cloud.emulator._program.pid)
    assert {"0100007F"} == listeners(port)
