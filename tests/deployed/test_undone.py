"""The way back. Comes last, for after it there is nothing."""

from typing import Any

from infra.deploy import run
from tests.deployed.conftest import pointed_at


def test_destroy_leaves_nothing_behind(cloud: Any) -> None:
    """No stack, function, role, queue, table, bucket, schedule, log, secret or key; a second time finds nothing to do."""
    wishes = run.Wishes(settings=cloud.settings, yes=True)
    said: list[str] = []
    with pointed_at(cloud.endpoint):
        for _ in range(2):
            run.destroy(wishes, keep_data=False, say=said.append, pause_s=0.05)

    left = {
        "stacks": [one["StackName"] for one in cloud.client("cloudformation").describe_stacks()["Stacks"]],
        "functions": cloud.client("lambda").list_functions()["Functions"],
        "roles": cloud.client("iam").list_roles()["Roles"],
        "queues": cloud.client("sqs").list_queues().get("QueueUrls", []),
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "buckets": cloud.client("s3").list_buckets()["Buckets"],
        "schedules": cloud.client("scheduler").list_schedules()["Schedules"],
        "apis": cloud.client("apigateway").get_rest_apis()["items"],
        "logs": cloud.client("logs").describe_log_groups()["logGroups"],
        "keys": _wanted_keys(cloud.client("kms")),
        "secrets": cloud.client("secretsmanager").list_secrets()["SecretList"],
    }
    assert not {kind: there for kind, there in left.items() if there}
    assert ["Gone.", "Gone."] == [line for line in said if line == "Gone."]


def _wanted_keys(kms: Any) -> list[Any]:
    """Give the keys that are not about to be deleted, which takes KMS a week."""
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    return [key for key in keys if key["KeyState"] != "PendingDeletion"]
