"""The synthesized template, where the emulator does not enforce what it says."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.versions import Versions
from matinee.model.schedule import GRACE

if TYPE_CHECKING:
    from aws_cdk.assertions import Template


@pytest.fixture(scope="module")
def tenants(assertions: Any, tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The stack for workspaces that do not trust each other."""
    from infra.app import EMBEDDED, build  # noqa: PLC0415  as in infra_fixtures

    settings = EMBEDDED.model_copy(update={"tenant_isolation": True})
    _, stack = build(outdir=str(tmp_path_factory.mktemp("cdk.out")), settings=settings)
    made: Template = assertions.Template.from_stack(stack)
    return made


@pytest.fixture(scope="module")
def grants(embedded: "Template") -> dict[str, dict[str, list[str]]]:
    """By function: each action that its role allows for its work, and on what, as JSON."""
    return _grants(embedded)


def _grants(template: "Template") -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for policy in template.find_resources("AWS::IAM::Policy").values():
        role = policy["Properties"]["Roles"][0]["Ref"]
        allowed = found.setdefault(role[: role.index("Role")], {})
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert "Allow" == statement["Effect"]
            for action in _listed(statement["Action"]):
                allowed.setdefault(action, []).extend(json.dumps(one) for one in _listed(statement["Resource"]))
    return found


def _listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def test_a_message_stays_invisible_six_times_as_long_as_its_function_may_run(template: "Template", match: Any) -> None:
    """So that a message is not handed out again while its first receiver still works; after three receives it is dead."""
    template.has_resource_properties(
        "AWS::SQS::Queue",
        {
            "QueueName": "test-execution",
            "VisibilityTimeout": 6 * 900,
            "RedrivePolicy": {"maxReceiveCount": 3, "deadLetterTargetArn": match.any_value()},
            "SqsManagedSseEnabled": True,
        },
    )
    template.has_resource_properties("AWS::Lambda::Function", {"FunctionName": "matinee-run-test", "Timeout": 900})


def test_live_items_expire_and_their_stream_carries_new_images(template: "Template") -> None:
    """TTL on expires_at, on demand, no point-in-time recovery."""
    template.has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False},
        },
    )


def test_the_bucket_is_private_encrypted_and_forgets(template: "Template", match: Any) -> None:
    """Runs go after 30 days, broken uploads after one; the bucket itself outlives the stack."""
    template.has_resource(
        "AWS::S3::Bucket",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "BucketEncryption": match.any_value(),
                "LifecycleConfiguration": {
                    "Rules": match.array_with(
                        [
                            match.object_like({"Prefix": "runs/", "ExpirationInDays": 30}),
                            match.object_like({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}),
                        ]
                    )
                },
            },
        },
    )


@pytest.mark.parametrize("kind", ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"])
def test_nothing_is_reached_without_tls(template: "Template", kind: str) -> None:
    """Every bucket and queue denies plain HTTP."""
    insecure = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    resources = template.find_resources(kind)

    assert resources
    for resource in resources.values():
        statements = resource["Properties"]["PolicyDocument"]["Statement"]
        assert any(insecure.items() <= statement.items() for statement in statements)


def test_one_message_at_a_time_and_a_limit_on_tests_at_once(template: "Template") -> None:
    """A worker runs one script; a failed message comes back alone."""
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "BatchSize": 1,
            "ScalingConfig": {"MaximumConcurrency": 500},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    )


def test_a_poisoned_record_cannot_block_the_stream(template: "Template") -> None:
    """Batches are split and given up at some time; only new leases, results and reports arrive, never events."""
    [mapping] = template.find_resources(
        "AWS::Lambda::EventSourceMapping", {"Properties": {"BisectBatchOnFunctionError": True}}
    ).values()
    properties = mapping["Properties"]
    pattern = json.loads(properties["FilterCriteria"]["Filters"][0]["Pattern"])

    assert 100 == properties["MaximumRetryAttempts"]
    assert ["ReportBatchItemFailures"] == properties["FunctionResponseTypes"]
    assert ["INSERT"] == pattern["eventName"]
    assert [{"prefix": "lease#"}, {"prefix": "result#"}, {"prefix": "report#"}] == pattern["dynamodb"]["Keys"]["sk"][
        "S"
    ]


def test_run_test_may_do_this_and_nothing_else(grants: dict[str, dict[str, list[str]]]) -> None:
    """It executes strangers' code: it reads no live item, no other run's report, and no queue but its own."""
    allowed = {
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:PutObject",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }

    assert allowed == grants["RunTest"].keys()
    assert ["*/scripts/*", "*/blob.zip"] == _below_runs(grants["RunTest"]["s3:GetObject"])


LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
DATABASE = {"secretsmanager:GetSecretValue"}
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def test_plan_job_may_do_this_and_nothing_else(grants: dict[str, dict[str, list[str]]]) -> None:
    """It takes the runs of jobs, and sends tests; a run that ends with its plan is told and concluded by it, too."""
    allowed = grants["PlanJob"]

    stores = {"dynamodb:PutItem", "dynamodb:UpdateItem", "s3:PutObject", "sqs:SendMessage"}
    assert LOGS | DATABASE | CONSUME | stores == set(allowed)
    assert ["JobExecution"] == _queues(allowed["sqs:ReceiveMessage"])
    assert ["TestExecution", "JobExecution", "ReportMerge"] == _queues(allowed["sqs:SendMessage"])
    assert ["*/scripts/*", "*/manifest.json"] == _below_runs(allowed["s3:PutObject"])


def test_merge_report_may_do_this_and_nothing_else(grants: dict[str, dict[str, list[str]]]) -> None:
    """It reads what strangers' code left: blobs and manifests; it writes reports, and what the live table hears of them."""
    allowed = grants["MergeReport"]

    assert LOGS | CONSUME | {
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
    } == set(allowed)
    assert ["ReportMerge"] == _queues(allowed["sqs:ReceiveMessage"])
    assert ["*/blob.zip", "*/manifest.json", "*/report/index.html"] == _below_runs(allowed["s3:GetObject"])
    assert ["*/report/*"] == _below_runs(allowed["s3:PutObject"])


def test_the_function_of_ticks_may_do_this_and_nothing_else(grants: dict[str, dict[str, list[str]]]) -> None:
    """It makes runs and hands them to plan_job; where a run replaces another it concludes that one."""
    allowed = grants["Scheduled"]

    assert LOGS | DATABASE | {"dynamodb:PutItem", "dynamodb:UpdateItem", "s3:PutObject", "sqs:SendMessage"} == set(
        allowed
    )
    assert ["JobExecution", "ReportMerge"] == _queues(allowed["sqs:SendMessage"])
    assert ["*/manifest.json"] == _below_runs(allowed["s3:PutObject"])


def test_schedules_are_kept_by_two_functions_and_may_call_one(
    template: "Template", grants: dict[str, dict[str, list[str]]], match: Any
) -> None:
    """Submit and sweep make and delete what lies in the one group; the role that they hand on calls only for this account."""
    assert {"Submit", "Sweep"} == {name for name, allowed in grants.items() if "scheduler:CreateSchedule" in allowed}
    assert all(":schedule/matinee/*" in one for one in grants["Submit"]["scheduler:CreateSchedule"])
    assert {"lambda:InvokeFunction"} == grants["Schedules"].keys()
    assert all("ScheduledFunction" in one for one in grants["Schedules"]["lambda:InvokeFunction"])
    template.has_resource_properties("AWS::Scheduler::ScheduleGroup", {"Name": "matinee"})
    from_here = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    caller = {"Principal": {"Service": "scheduler.amazonaws.com"}, "Condition": from_here}
    template.has_resource_properties(
        "AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": [match.object_like(caller)]}}
    )
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Statement": match.array_with(
                    [match.object_like({"Action": "iam:PassRole", "Condition": to_scheduler})]
                )
            }
        },
    )


def test_a_tick_is_given_up_before_it_counts_as_missed(template: "Template") -> None:
    """Scheduler tries for 2 minutes, then Lambda for 5, and the function has one: together less than the grace of ten."""
    template.has_resource_properties(
        "AWS::Lambda::EventInvokeConfig", {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 2}
    )
    template.has_resource_properties("AWS::Lambda::Function", {"FunctionName": "matinee-scheduled", "Timeout": 60})

    assert timedelta(seconds=120 + 300 + 60) < GRACE


def test_only_sweep_reads_dead_letters_and_only_submit_and_sweep_delete(
    grants: dict[str, dict[str, list[str]]],
) -> None:
    """Each queue of the dead is read by one function, and by no function's event source."""
    readers = {
        function: _queues(allowed["sqs:ReceiveMessage"], dead=True)
        for function, allowed in grants.items()
        if "sqs:ReceiveMessage" in allowed
    }

    assert ["TestExecution", "JobExecution", "ReportMerge"] == readers.pop("Sweep")
    assert [] == [queue for queues in readers.values() for queue in queues]
    assert {"Submit", "Sweep"} == {name for name, allowed in grants.items() if "s3:DeleteObject" in allowed}


def _queues(resources: list[str], *, dead: bool = False) -> list[str]:
    """Give the queues that are named, by their constructs."""
    kind = "Dead" if dead else "Queue"
    found = re.findall(r'"([A-Za-z]+?)(Dead|Queue)[0-9A-F]{8}"', "".join(resources))
    return [name for name, found_kind in found if found_kind == kind]


def _below_runs(resources: list[str]) -> list[str]:
    """Give the patterns of keys that are named, without what they all begin with."""
    return [resource.rpartition("/runs/")[2].partition('"')[0] for resource in resources]


def test_only_the_functions_that_need_it_know_the_database(
    template: "Template", grants: dict[str, dict[str, list[str]]]
) -> None:
    """run_test and merge_report know no secret, may read none, and are in no network from which Postgres can be reached."""
    functions = template.find_resources("AWS::Lambda::Function").values()
    knowing = {
        function["Properties"]["FunctionName"]
        for function in functions
        if "DATABASE_SECRET" in function["Properties"]["Environment"]["Variables"]
    }
    inside = {each["Properties"]["FunctionName"] for each in functions if "VpcConfig" in each["Properties"]}
    streams = ("status-stream", "report-proxy")

    needing = {
        f"matinee-{name}" for name in ("submit", "scheduled", "plan-job", "track-runs", *streams, "sweep", "migrate")
    }
    assert needing == knowing == inside
    assert {"RunTest", "MergeReport", "Schedules"} == {
        name for name, may in grants.items() if not DATABASE & may.keys()
    }


def test_no_role_may_do_everything_to_anything(grants: dict[str, dict[str, list[str]]]) -> None:
    """No action has a wildcard, and only two, which know no narrower resource, have a bare one as their resource."""
    anywhere = {action for allowed in grants.values() for action, on in allowed.items() if '"*"' in on}

    assert {"dynamodb:ListStreams", "scheduler:ListSchedules"} == anywhere
    assert not [action for allowed in grants.values() for action in allowed if "*" in action]


def test_the_deployed_roles_may_besides_enter_their_network_be_traced_and_use_the_vaults_key(
    template: "Template", grants: dict[str, dict[str, list[str]]]
) -> None:
    """As Lambda itself asks for, and where the embedded stack has a file; nothing else differs between it and the cloud."""
    for function, allowed in _grants(template).items():
        more = allowed.keys() - grants.get(function, {}).keys()
        assert {action.partition(":")[0] for action in more} <= {"ec2", "kms", "xray"}, function


def test_no_role_has_a_managed_policy(embedded: "Template") -> None:
    """What a function may do stands in the stack and nowhere else."""
    roles = embedded.find_resources("AWS::IAM::Role").values()

    assert not [role for role in roles if "ManagedPolicyArns" in role["Properties"]]


def test_the_template_fits_a_request_to_cloudformation(embedded: "Template") -> None:
    """As the local stack sends it: without indentation. Beyond 51,200 bytes it would have to lie in S3."""
    assert 51_200 > len(json.dumps(embedded.to_json(), separators=(",", ":")))


def test_the_template_needs_no_assets_and_knows_no_secret(template: "Template", embedded: "Template") -> None:
    """Its code is named from outside, so that one template serves every region and the emulator; a database, by its secret."""
    assert {"BundlesBucket", "RunnerImageUri"} == template.to_json()["Parameters"].keys()
    assert {"BundlesBucket", "RunnerImageUri", "DatabaseSecretArn"} == embedded.to_json()["Parameters"].keys()


def test_health_tells_the_pinned_versions(template: "Template", match: Any) -> None:
    """They come from the file that pins them."""
    pinned = Versions.pinned()
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "FunctionName": "matinee-submit",
            "Environment": {
                "Variables": match.object_like(
                    {
                        "PLAYWRIGHT_VERSION": pinned.playwright,
                        "CHROMIUM_VERSION": pinned.chromium,
                    }
                )
            },
        },
    )


def test_with_tenants_each_workspace_has_environments_of_its_own(tenants: "Template", match: Any) -> None:
    """SQS cannot say whose a test is: a function of ours takes it from the queue, and says it to run_test, which Lambda then keeps apart."""
    grants = _grants(tenants)
    functions = {
        one["Properties"]["FunctionName"]: name for name, one in tenants.find_resources("AWS::Lambda::Function").items()
    }
    mappings = [one["Properties"] for one in tenants.find_resources("AWS::Lambda::EventSourceMapping").values()]
    (source,) = [one for one in mappings if "TestExecution" in json.dumps(one["EventSourceArn"])]

    tenants.has_resource_properties(
        "AWS::Lambda::Function",
        {"FunctionName": "matinee-run-test-per-tenant", "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}},
    )
    tenants.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "FunctionName": "matinee-dispatch-test",
            "Timeout": 900,
            "VpcConfig": match.absent(),
            "Environment": {
                "Variables": match.object_like(
                    {
                        "RUN_TEST_FUNCTION": {"Ref": functions["matinee-run-test-per-tenant"]},
                        "RUN_TEST_TIMEOUT_S": "900",
                    }
                )
            },
        },
    )
    assert {"Ref": functions["matinee-dispatch-test"]} == source["FunctionName"]
    assert (1, ["ReportBatchItemFailures"], {"MaximumConcurrency": 500}) == (
        source["BatchSize"], source["FunctionResponseTypes"], source["ScalingConfig"]
    )  # fmt: skip
    assert {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility", "lambda:InvokeFunction",
    } == {action for action in grants["DispatchTest"] if not action.startswith(("logs:", "xray:"))}  # fmt: skip
    assert {"sqs:ChangeMessageVisibility"} == {action for action in grants["RunTest"] if action.startswith("sqs:")}


def test_with_an_issuer_submit_alone_knows_it_and_may_read_its_secret(
    assertions: Any, tmp_path: Path, match: Any
) -> None:
    """What the client's secret is, no function's configuration has."""
    from infra.app import EMBEDDED, build  # noqa: PLC0415  as in infra_fixtures

    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:matinee/issuer-a1b2c3"
    told = {"oidc_issuer": "https://issuer.example.com", "oidc_client_id": "matinee", "oidc_secret_arn": secret}
    _, stack = build(outdir=str(tmp_path), settings=EMBEDDED.model_copy(update=told))
    template = assertions.Template.from_stack(stack)

    given = {"OIDC_ISSUER": told["oidc_issuer"], "OIDC_CLIENT_ID": "matinee", "OIDC_SECRET": secret}
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {"FunctionName": "matinee-submit", "Environment": {"Variables": match.object_like(given)}},
    )
    may = [
        name
        for name, allowed in _grants(template).items()
        if json.dumps(secret) in allowed.get("secretsmanager:GetSecretValue", [])
    ]
    assert ["Submit"] == may


def test_one_function_encrypts_variables_another_decrypts_them_and_none_does_both(template: "Template") -> None:
    """Each with the one key of the vault, which rotates and outlives the stack; no other function is told of it."""
    with_kms = {
        name: {action: on for action, on in may.items() if action.startswith("kms:")}
        for name, may in _grants(template).items()
    }
    [(key, made)] = template.find_resources("AWS::KMS::Key").items()
    told = {
        function["Properties"]["FunctionName"]
        for function in template.find_resources("AWS::Lambda::Function").values()
        if "MATINEE_KMS_KEY" in function["Properties"].get("Environment", {}).get("Variables", {})
    }

    assert {"Submit": {"kms:GenerateDataKey"}, "RunTest": {"kms:Decrypt"}} == {
        name: set(may) for name, may in with_kms.items() if may
    }
    assert all(key in on for may in with_kms.values() for resources in may.values() for on in resources)
    assert (True, "Retain") == (made["Properties"]["EnableKeyRotation"], made["DeletionPolicy"])
    assert {"matinee-submit", "matinee-run-test"} == told


def test_a_key_that_there_is_serves_another_deployment(assertions: Any, tmp_path: Path) -> None:
    """The stack makes none, and its functions have of that one what they would have of a new one."""
    from infra.app import EMBEDDED, build  # noqa: PLC0415  as in infra_fixtures

    arn = "arn:aws:kms:eu-west-1:123456789012:key/0f3c2f6e-0000-4000-8000-000000000000"
    _, stack = build(outdir=str(tmp_path), settings=EMBEDDED.model_copy(update={"vault": True, "vault_key_arn": arn}))
    template = assertions.Template.from_stack(stack)

    assert not template.find_resources("AWS::KMS::Key")
    grants = _grants(template)
    assert [json.dumps(arn)] == grants["Submit"]["kms:GenerateDataKey"] == grants["RunTest"]["kms:Decrypt"]


def test_the_embedded_stack_has_no_key_in_the_emulator_which_forgets_it(embedded: "Template") -> None:
    assert not embedded.find_resources("AWS::KMS::Key")
