"""Functions, each with a role of its own that may do nothing but write its log until the stack grants more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import CfnParameter, Duration, Fn, RemovalPolicy, Size
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class Bundles:
    """Where the zip functions' code lies: `<version>/<function>.zip` in a bucket."""

    bucket: CfnParameter
    version: CfnParameter


class Function(Construct):
    """A function, its role and its log."""

    function: lambda_.Function

    def __init__(
        self, scope: Construct, construct_id: str, *, prefix: str, name: str, log_retention: logs.RetentionDays
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.function_name = f"{prefix}-{name.replace('_', '-')}"
        self.log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.function_name}",
            retention=log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn])

    def allow(
        self, *, actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, object] | None = None
    ) -> None:
        """Let the function do `actions` to `resources`, under `conditions` if there are any."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )


class ZipFunction(Function):
    """A function of a bundle."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        name: str,
        handler: str,
        bundle: str,
        bundles: Bundles,
        memory_mb: int,
        timeout: Duration,
        environment: dict[str, str],
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id, prefix=prefix, name=name, log_retention=log_retention)
        bucket = s3.Bucket.from_bucket_name(self, "Bundles", bundles.bucket.value_as_string)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.function_name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.X86_64,
            code=lambda_.Code.from_bucket(bucket, Fn.join("/", [bundles.version.value_as_string, f"{bundle}.zip"])),
            handler=handler,
            role=self.role,
            memory_size=memory_mb,
            timeout=timeout,
            environment={"POWERTOOLS_SERVICE_NAME": name, **environment},
            log_group=self.log_group,
        )


class ImageFunction(Function):
    """A function of a container image."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        name: str,
        image_uri: CfnParameter,
        memory_mb: int,
        storage: Size,
        timeout: Duration,
        environment: dict[str, str],
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id, prefix=prefix, name=name, log_retention=log_retention)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.function_name,
            runtime=lambda_.Runtime.FROM_IMAGE,
            architecture=lambda_.Architecture.X86_64,
            # CDK wants a repository and a tag; the parameter has both in one, so it takes their place below.
            code=lambda_.Code.from_ecr_image(ecr.Repository.from_repository_name(self, "Repository", "matinee")),
            handler=lambda_.Handler.FROM_IMAGE,
            role=self.role,
            memory_size=memory_mb,
            ephemeral_storage_size=storage,
            timeout=timeout,
            environment={"POWERTOOLS_SERVICE_NAME": name, **environment},
            log_group=self.log_group,
        )
        resource = self.function.node.default_child
        if not isinstance(resource, lambda_.CfnFunction):
            raise TypeError("a function's default child is its CloudFormation resource")
        resource.code = lambda_.CfnFunction.CodeProperty(image_uri=image_uri.value_as_string)
