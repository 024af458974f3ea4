"""One deployment: what it needs, in the order in which it needs it."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.build.bundles import Bundle
from infra.deploy import website
from infra.deploy.errors import DeployError
from infra.deploy.stacks import CloudStack
from infra.deploy.viewer import publish_viewer
from infra.settings import Settings
from infra.versions import Versions
from matinee.stores.artifacts import Artifacts

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The concurrency that all functions but run_test need of the account's.
_OTHERS = 50
_DATABASE_SECRET = "{}/database-url"  # noqa: S105  its name


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """Deploys with the account and region of a session. Every method may be called again: what is done is not done twice."""

    session: boto3.Session
    settings: Settings
    say: Callable[[str], None]
    pause_s: float = 3.0  #: between two looks at what CloudFormation does

    def who(self) -> str:
        """Say where this would deploy to, if it may.

        Raises:
            DeployError: if there are no credentials, no region, or too little concurrency in the account.
        """
        try:
            account = self._client("sts").get_caller_identity()["Account"]
            limits = self._client("lambda").get_account_settings()["AccountLimit"]
        except (NoCredentialsError, NoRegionError) as error:
            raise DeployError(
                f"{str(error).rstrip('.')}. Say which account and region: AWS_PROFILE and AWS_REGION, or `aws configure`."
            ) from error
        except (ClientError, BotoCoreError) as error:
            raise DeployError(f"AWS does not take these credentials: {error}") from error
        at_once = 2 if self.settings.tenant_isolation else 1  # who waits for a test counts as well
        needed = at_once * self.settings.run_concurrency + _OTHERS
        if (most := limits.get("ConcurrentExecutions", needed)) < needed:
            raise DeployError(
                f"This account runs {most} functions at once in {self.session.region_name}, and {needed} are needed for"
                f" run_concurrency = {self.settings.run_concurrency}. Lower that in matinee.toml, or ask for more in Service Quotas (it is free)."
            )
        return f"account {account}, {self.session.region_name}"

    @cached_property
    def base(self) -> CloudStack:
        """What must be there before the stack."""
        return CloudStack(self._client("cloudformation"), f"{self.settings.name}-base", self.say, self.pause_s)

    @cached_property
    def stack(self) -> CloudStack:
        """The stack."""
        return CloudStack(self._client("cloudformation"), self.settings.name, self.say, self.pause_s)

    def upload_bundles(self, bundles: list[Bundle], *, bucket: str) -> None:
        """Upload what is not there yet: a bundle's key names what is in it."""
        s3 = self._client("s3")
        there = {
            one["Key"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            for one in page.get("Contents", [])
        }
        for bundle in bundles:
            if bundle.key not in there:
                self.say(f"  {bundle.key}")
                s3.upload_file(str(bundle.file), bucket, bundle.key)

    def put_template(self, template: str, *, bucket: str) -> "Mapping[str, str]":
        """Put a template where CloudFormation finds it: a request of its own takes 51,200 bytes only."""
        key = f"templates/{hashlib.sha256(template.encode()).hexdigest()[:16]}.json"
        s3 = self._client("s3")
        s3.put_object(Bucket=bucket, Key=key, Body=template.encode(), ContentType="application/json")
        address = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        return {"TemplateURL": address.partition("?")[0]}  # CloudFormation reads it with the rights of who asks

    def database_secret(self, url: str | None) -> str:
        """Give the secret that has the URL of the outside database; make it, or bring it up to date, if a URL is given.

        Raises:
            DeployError: if there is neither.
        """
        secrets, name = self._client("secretsmanager"), _DATABASE_SECRET.format(self.settings.name)
        try:
            there = secrets.describe_secret(SecretId=name)["ARN"]
        except secrets.exceptions.ResourceNotFoundException:
            if not url:
                raise DeployError(
                    'database = "external" needs its libpq URL once: DATABASE_URL=postgresql://... matinee deploy. It is kept in Secrets Manager.'
                ) from None
            return str(secrets.create_secret(Name=name, SecretString=url)["ARN"])
        if url:
            secrets.put_secret_value(SecretId=name, SecretString=url)
        return str(there)

    def migrate_ahead(self, bundle: Bundle, *, bucket: str) -> None:
        """Bring the database of a stack that is there up to date with new code, before the functions have it.

        A migration leaves the schema as the former code can use it, so nothing stops meanwhile.
        """
        name = f"{self.settings.name}-migrate"
        client = self._client("lambda")
        try:
            client.update_function_code(FunctionName=name, S3Bucket=bucket, S3Key=bundle.key)
        except client.exceptions.ResourceNotFoundException:
            return  # its stack is being made
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
        self.migrate({})

    def migrate(self, asked: "Mapping[str, Any]") -> dict[str, Any]:
        """Bring the database up to date, and make a key if one is asked for (functions/migrate).

        Raises:
            DeployError: if that fails.
        """
        for again in range(6):  # a database that was just made, or sleeps, takes its time
            answer = self._client("lambda").invoke(
                FunctionName=f"{self.settings.name}-migrate", Payload=json.dumps(asked).encode()
            )
            told = json.loads(answer["Payload"].read())
            if "FunctionError" not in answer:
                for name in told["applied"]:
                    self.say(f"  {name}")
                return dict(told)
            if told.get("errorType") != "DatabaseUnavailableError":
                break
            time.sleep(2 * again)
        raise DeployError(
            f"The database could not be migrated: {told.get('errorMessage')} The log of {self.settings.name}-migrate has more."
        )

    def publish(self, web: Path, runtime: Path, *, outputs: "Mapping[str, str]") -> None:
        """Put the web UI where people find it, and the trace viewer where reports do."""
        self.say("The web UI, and the trace viewer")
        version = Versions.pinned().playwright
        publish_viewer(Artifacts(self._client("s3"), bucket=outputs["ArtifactsBucket"]), runtime, version=version)
        website.upload(self._client("s3"), web, bucket=outputs["WebBucket"])
        self._client("cloudfront").create_invalidation(
            DistributionId=outputs["DistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": ["/index.html"]},
                "CallerReference": str(time.time_ns()),
            },
        )

    def address(self, outputs: "Mapping[str, str]") -> str:
        """Give the URL at which it answers; behind an emulator's endpoint, that of the API alone."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if not endpoint:
            return outputs["Url"]
        api = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
        return f"{endpoint}/_aws/execute-api/{api}/live"

    def release_schedules(self) -> None:
        """Delete the schedules of jobs: the stack knows their group, and they would keep it."""
        scheduler, group = self._client("scheduler"), self.settings.name
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            for one in page["Schedules"]:
                scheduler.delete_schedule(GroupName=group, Name=one["Name"])

    def unprotect(self) -> None:
        """Let the database be deleted with the stack, which leaves a snapshot of it."""
        found = (
            self._client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.settings.name)
        )
        for page in found:
            for one in page["StackResourceSummaries"]:
                if one["ResourceType"] == "AWS::RDS::DBCluster":
                    self._client("rds").modify_db_cluster(
                        DBClusterIdentifier=one["PhysicalResourceId"], DeletionProtection=False, ApplyImmediately=True
                    )

    def forget(self, bucket: str) -> None:
        """Delete the artifacts of all runs, and their bucket, which the stack leaves behind; the secret of an outside database too."""
        self.empty(bucket)
        self._client("s3").delete_bucket(Bucket=bucket)
        if self.settings.database == "external":
            self._client("secretsmanager").delete_secret(
                SecretId=_DATABASE_SECRET.format(self.settings.name), ForceDeleteWithoutRecovery=True
            )

    def forget_key(self, arn: str) -> None:
        """Have the key of variables deleted, as soon as KMS does that: after a week in which it can still be had back."""
        self._client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        self.say(f"  KMS deletes the key of variables in 7 days: {arn}")

    def forget_images(self) -> None:
        """Delete the images of run_test."""
        ecr = self._client("ecr")
        for page in ecr.get_paginator("list_images").paginate(repositoryName=self.settings.name):
            if page["imageIds"]:
                ecr.batch_delete_image(repositoryName=self.settings.name, imageIds=page["imageIds"])

    def empty(self, bucket: str) -> None:
        """Delete all that is in a bucket, all versions of it."""
        s3 = self._client("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if found:
                every: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
                s3.delete_objects(Bucket=bucket, Delete={"Objects": every, "Quiet": True})

    def _client(self, service: Any) -> Any:
        style: Any = {"addressing_style": "path"} if os.environ.get("AWS_ENDPOINT_URL") else {}
        return self.session.client(
            service, config=Config(retries={"mode": "standard", "total_max_attempts": 5}, s3=style)
        )
