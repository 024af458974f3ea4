"""What each role may do: all of it is needed, and nothing else is there. Runs after the road, and looks at what that asked for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deployed.conftest import credentials_of

#: What Lambda, and not the function, does with the role; the emulator does it without.
_OF_EVERY = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
_OF_QUEUES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
_OF_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
OF_LAMBDA = {"RunTest": _OF_QUEUES, "PlanJob": _OF_QUEUES, "MergeReport": _OF_QUEUES, "TrackRuns": _OF_STREAM}

#: What the emulator does not ask a policy for: the template's tests hold these (tests/unit/test_infra_stack.py).
UNASKED = {
    # S3 says with it whether it is 404 or 403
    "MergeReport s3:ListBucket *",
    "ReportProxy s3:ListBucket *",
    "Sweep s3:ListBucket *",
    "Schedules lambda:InvokeFunction matinee-scheduled",
    "Submit iam:PassRole role",
    "Sweep iam:PassRole role",
}


def test_no_grant_is_idle(cloud: Any) -> None:
    """Of each action on each resource that a role may do, the road has a request that nothing else in the role allows: one less would break it."""
    needed = {
        (line["role"], *line["by"][0])
        for line in map(json.loads, cloud.decisions.read_text().splitlines())
        if len(line["by"]) == 1
    }
    idle = {_short(*grant) for grant in _grants(cloud) if grant not in needed}

    assert not idle - UNASKED, "\n".join(sorted(idle - UNASKED))


def _short(role: str, action: str, resource: str) -> str:
    """Name a grant without what differs from one deployment to the next."""
    end = resource.rpartition("/")[2] if action.startswith("s3:") else resource.rpartition(":")[2]
    if "PassRole" in action:
        end = "role"
    if "dynamodb" in action or "ListBucket" in action:
        end = "*"
    return f"{_function(role)} {action} {end}"


def _function(role: str) -> str:
    return role.partition("Role")[0].removeprefix("matinee-")


def _grants(cloud: Any) -> Iterator[tuple[str, str, str]]:
    """Give each role's actions and resources, but for those of Lambda's."""
    iam = cloud.client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]:
                for action in _listed(statement["Action"]):
                    for resource in _listed(statement["Resource"]):
                        if action not in _OF_EVERY | OF_LAMBDA.get(_function(name), set()):
                            yield name, action, resource


def _listed(one_or_more: Any) -> list[str]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


@pytest.fixture(scope="module")
def intruder(cloud: Any) -> dict[str, str]:
    """What a script has in its hands that got out of its sandbox: the credentials of run_test."""
    role = cloud.client("lambda").get_function_configuration(FunctionName="matinee-run-test")["Role"]
    given = credentials_of(cloud, role)
    return {name.lower(): value for name, value in given.items()}


@pytest.mark.parametrize(
    ("service", "call", "asked"),
    [
        ("dynamodb", "query", {"TableName": "{LiveTable}", "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}),
        ("dynamodb", "get_item", {"TableName": "{LiveTable}", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}),
        ("dynamodb", "scan", {"TableName": "{LiveTable}"}),
        ("dynamodb", "delete_item", {"TableName": "{LiveTable}", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}),
        ("s3", "list_objects_v2", {"Bucket": "{ArtifactsBucket}"}),
        ("s3", "get_object", {"Bucket": "{ArtifactsBucket}", "Key": "runs/a/b/report/index.html"}),
        ("s3", "get_object", {"Bucket": "{ArtifactsBucket}", "Key": "runs/a/b/tests/c/console.txt"}),
        ("s3", "delete_object", {"Bucket": "{ArtifactsBucket}", "Key": "runs/a/b/report/index.html"}),
        ("s3", "put_object", {"Bucket": "{ArtifactsBucket}", "Key": "viewer/index.html", "Body": b""}),
        ("s3", "put_object", {"Bucket": "{WebBucket}", "Key": "index.html", "Body": b""}),
        ("sqs", "send_message", {"QueueUrl": "{TestQueueUrl}", "MessageBody": "{}"}),
        ("sqs", "send_message", {"QueueUrl": "{JobQueueUrl}", "MessageBody": "{}"}),
        ("sqs", "receive_message", {"QueueUrl": "{JobQueueUrl}"}),
        ("sqs", "receive_message", {"QueueUrl": "{ReportQueueUrl}"}),
        ("sqs", "purge_queue", {"QueueUrl": "{TestQueueUrl}"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "matinee/database-url"}),
        ("kms", "generate_data_key", {"KeyId": "{VaultKey}", "KeySpec": "AES_256"}),
        ("kms", "encrypt", {"KeyId": "{VaultKey}", "Plaintext": b"x"}),
        ("kms", "describe_key", {"KeyId": "{VaultKey}"}),
        ("scheduler", "list_schedules", {}),
        ("lambda", "invoke", {"FunctionName": "matinee-migrate", "Payload": b"{}"}),
        ("lambda", "list_functions", {}),
        ("iam", "list_roles", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_run_tests_credentials_open_nothing_else(
    cloud: Any, intruder: dict[str, str], service: str, call: str, asked: dict[str, Any]
) -> None:
    """No other run's report or console, no Postgres, no queue but its own, no other function, no list of anything."""
    filled = {
        name: value.format(**cloud.outputs) if isinstance(value, str) and value != "{}" else value
        for name, value in asked.items()
    }

    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service, **intruder), call)(**filled)
    assert 403 == refused.value.response["ResponseMetadata"]["HTTPStatusCode"] or "AccessDenied" in str(refused.value)
