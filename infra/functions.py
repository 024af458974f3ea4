"""Functions, each with a role of its own that may do nothing but write its log until the stack grants more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import CfnParameter, Duration, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.log import log_group
from infra.network import Network
from infra.reviewed import reviewed, reviewed_wildcard
from infra.settings import LogDays

#: What a function in a VPC needs for its way into it: the managed policy AWSLambdaVPCAccessExecutionRole, without logs.
_INTO_A_VPC = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_WILDCARD = "Keys of runs that nobody knows before, in one bucket or group of ours; or a call that AWS knows no narrower resource for."


@dataclass(frozen=True, kw_only=True)
class Code:
    """Where the functions' code lies: zip files in a bucket, by the name of the bundle, and one image."""

    bucket: CfnParameter
    keys: Mapping[str, str]
    image_uri: CfnParameter


@dataclass(frozen=True, kw_only=True)
class Common:
    """What all functions of a deployment have in common."""

    prefix: str
    code: Code
    log_days: LogDays
    tracing: bool


def _told(name: str) -> dict[str, str]:
    """Give what makes a function's log what it is."""
    return {"POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_LOG_LEVEL": "INFO"}


class Function(Construct):
    """A function, its role and its log."""

    function: lambda_.Function

    def __init__(self, scope: Construct, construct_id: str, *, common: Common, name: str) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self.function_name = f"{common.prefix}-{name.replace('_', '-')}"
        self.tracing = lambda_.Tracing.ACTIVE if common.tracing else lambda_.Tracing.DISABLED
        self.log_group = log_group(self, "Log", name=f"/aws/lambda/{self.function_name}", days=common.log_days)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.allow(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn])
        if common.tracing:
            self.allow(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])

    def allow(
        self, *, actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, object] | None = None
    ) -> None:
        """Let the function do `actions` to `resources`, under `conditions` if there are any."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )
        for resource in resources:
            reviewed_wildcard(self.role, resource, reason=_WILDCARD)


class ZipFunction(Function):
    """A function of a bundle, in `network` if it needs what is there."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        common: Common,
        name: str,
        handler: str,
        bundle: str,
        memory_mb: int,
        timeout: Duration,
        environment: dict[str, str],
        network: Network | None,
        layers: Sequence[lambda_.ILayerVersion] = (),
        snap_start: bool = False,
    ) -> None:
        super().__init__(scope, construct_id, common=common, name=name)
        if network:
            self.allow(actions=_INTO_A_VPC, resources=["*"])  # as Lambda asks for: what it makes has no name before
        bucket = s3.Bucket.from_bucket_name(self, "Bundles", common.code.bucket.value_as_string)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.function_name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.X86_64,
            code=lambda_.Code.from_bucket(bucket, common.code.keys[bundle]),
            handler=handler,
            role=self.role.without_policy_updates(),
            memory_size=memory_mb,
            timeout=timeout,
            environment={**_told(name), **environment},
            log_group=self.log_group,
            tracing=self.tracing,
            layers=list(layers),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            vpc=network.vpc if network else None,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED) if network else None,
            security_groups=[network.functions] if network else None,
        )
        reviewed(self.function, L1="The bundles are built for 3.13, and tried with it.")

    def live_version(self) -> lambda_.Alias:
        """Give the name under which the newest version is called: only versions are started from a snapshot."""
        return lambda_.Alias(self, "Live", alias_name="live", version=self.function.current_version)


class ImageFunction(Function):
    """A function of a container image."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        common: Common,
        name: str,
        memory_mb: int,
        storage: Size,
        timeout: Duration,
        environment: dict[str, str],
        per_tenant: bool = False,
    ) -> None:
        super().__init__(scope, construct_id, common=common, name=name)
        if per_tenant:  # which a function is from its beginning or not at all, and one of this name may be there
            self.function_name += "-per-tenant"
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.function_name,
            runtime=lambda_.Runtime.FROM_IMAGE,
            architecture=lambda_.Architecture.X86_64,
            # CDK wants a repository and a tag; the parameter has both in one, so it takes their place below.
            code=lambda_.Code.from_ecr_image(ecr.Repository.from_repository_name(self, "Repository", "matinee")),
            handler=lambda_.Handler.FROM_IMAGE,
            role=self.role.without_policy_updates(),
            memory_size=memory_mb,
            ephemeral_storage_size=storage,
            timeout=timeout,
            environment={**_told(name), **environment},
            log_group=self.log_group,
            tracing=self.tracing,
            tenancy_config=lambda_.TenancyConfig.PER_TENANT if per_tenant else None,
        )
        resource = self.function.node.default_child
        if not isinstance(resource, lambda_.CfnFunction):
            raise TypeError("a function's default child is its CloudFormation resource")
        command = [f"functions.{name}.handler.handler"]
        resource.code = lambda_.CfnFunction.CodeProperty(image_uri=common.code.image_uri.value_as_string)
        resource.image_config = lambda_.CfnFunction.ImageConfigProperty(command=command)
