"""Put the stack into what answers at an AWS endpoint, and read back what it became."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.errors import StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

#: The stack's name, and the beginning of its functions' names (infra.settings.Settings.name).
STACK = "matinee"
#: The functions, by their folders below functions/.
FUNCTIONS = (
    "submit",
    "plan_job",
    "run_test",
    "track_runs",
    "merge_report",
    "status_stream",
    "report_proxy",
    "scheduled",
    "sweep",
)

_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One function as it was deployed."""

    arn: str
    memory_mb: int
    timeout_seconds: float
    environment: Mapping[str, str]


def deployed_name(function: str) -> str:
    """Give the name under which `function` is deployed."""
    return f"{STACK}-{function.replace('_', '-')}"


class Deployment:
    """The stack behind one endpoint."""

    def __init__(self, session: boto3.Session, *, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def deploy(self, template: str, *, parameters: Mapping[str, str], concurrency: int | None) -> dict[str, Deployed]:
        """Create or update the stack from `template`; give its functions.

        `concurrency`, unless None, takes the place of the template's limit on tests that run at once: the template is
        made for the cloud, and this machine has its own size.

        Raises:
            StackError: if it cannot be deployed; the sentence has the first thing that failed.
        """
        try:
            self._put(template, parameters)
            functions = self._functions()
            self._expire(functions["run_test"].environment["LIVE_TABLE"])
            if concurrency is not None:
                self._limit(functions["run_test"].arn, concurrency)
        except (ClientError, BotoCoreError) as error:
            raise StackError(f"The stack could not be deployed to {self._endpoint}: {error}") from error
        return functions

    def _put(self, template: str, parameters: Mapping[str, str]) -> None:
        cloud = self._client("cloudformation")
        given: list[ParameterTypeDef] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
        exists = self._status(cloud) is not None
        if not exists and (bucket := self._bucket_left_behind(template)):
            self._adopt(cloud, template, bucket)
            exists = True
        act: Callable[..., Any] = cloud.update_stack if exists else cloud.create_stack
        try:
            act(StackName=STACK, TemplateBody=template, Parameters=given, Capabilities=["CAPABILITY_IAM"])
        except ClientError as error:
            if "No updates" not in str(error):
                raise
        self._settle(cloud)

    def _bucket_left_behind(self, template: str) -> str | None:
        """Find the artifacts bucket of an earlier stack: the template retains it."""
        logical, _ = _bucket(template)
        beginning = f"{STACK}-{logical}-".lower()
        names = [bucket["Name"] for bucket in self._client("s3").list_buckets()["Buckets"]]
        return next((name for name in names if name.startswith(beginning)), None)

    def _adopt(self, cloud: "CloudFormationClient", template: str, name: str) -> None:
        """Begin the stack with the bucket that is there; CloudFormation imports, and then updates the rest into being."""
        logical, resource = _bucket(template)
        change = cloud.create_change_set(
            StackName=STACK,
            ChangeSetName="adopt",
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps({"Resources": {logical: resource}}),
            ResourcesToImport=[
                {
                    "ResourceType": "AWS::S3::Bucket",
                    "LogicalResourceId": logical,
                    "ResourceIdentifier": {"BucketName": name},
                }
            ],
        )["Id"]
        for _ in _until(_SECONDS):
            found = cloud.describe_change_set(ChangeSetName=change)
            if found["Status"] == "CREATE_COMPLETE":
                break
            if found["Status"] == "FAILED":
                raise StackError(f"The bucket {name} could not be taken over: {found.get('StatusReason')}")
        cloud.execute_change_set(ChangeSetName=change)
        self._settle(cloud)

    def _settle(self, cloud: "CloudFormationClient") -> None:
        for _ in _until(_SECONDS):
            status = self._status(cloud) or "gone"
            if status.endswith("_IN_PROGRESS"):
                continue
            if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}:
                return
            events = cloud.describe_stack_events(StackName=STACK)["StackEvents"]
            failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
            why = f"{failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason')}" if failed else "?"
            raise StackError(f"The stack at {self._endpoint} is {status} because of {why}")

    def _status(self, cloud: "CloudFormationClient") -> str | None:
        try:
            return cloud.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise

    def _functions(self) -> dict[str, Deployed]:
        client = self._client("lambda")
        found: dict[str, Deployed] = {}
        for function in FUNCTIONS:
            given = client.get_function_configuration(FunctionName=deployed_name(function))
            found[function] = Deployed(
                arn=given["FunctionArn"],
                memory_mb=given["MemorySize"],
                timeout_seconds=given["Timeout"],
                environment=given.get("Environment", {}).get("Variables", {}),
            )
        return found

    def _expire(self, table: str) -> None:
        """Switch the live table's expiry on: the emulator does not take it from a template."""
        client = self._client("dynamodb")
        status = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"].get("TimeToLiveStatus")
        if status == "DISABLED":
            client.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
            )

    def _limit(self, function_arn: str, concurrency: int) -> None:
        client = self._client("lambda")
        for mapping in client.list_event_source_mappings(FunctionName=function_arn)["EventSourceMappings"]:
            client.update_event_source_mapping(
                UUID=mapping["UUID"],
                ScalingConfig={"MaximumConcurrency": max(2, concurrency)},  # AWS's own least
            )

    def _client(self, service: Any) -> Any:
        return self._session.client(
            service,
            endpoint_url=self._endpoint,
            config=Config(
                connect_timeout=3,
                read_timeout=30,
                retries={"total_max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
        )


def _bucket(template: str) -> tuple[str, dict[str, Any]]:
    """Give the logical id and the definition of the one bucket that a template has."""
    resources = json.loads(template)["Resources"]
    return next((name, found) for name, found in resources.items() if found["Type"] == "AWS::S3::Bucket")


def _until(seconds: float) -> Any:
    """Go on, with a short sleep between the rounds, for so long.

    Raises:
        StackError: when the time is up.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)
    raise StackError(f"The stack was not deployed within {seconds:.0f} s.")
