"""Postgres: Aurora that pauses, or any other that a secret has the URL of."""

from aws_cdk import Acknowledgment, CfnParameter, Duration, RemovalPolicy, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.network import Network
from infra.reviewed import reviewed


class Aurora(Construct):
    """Aurora Serverless v2, in a network of ours. It pauses when nobody has a connection, and then costs its storage only."""

    def __init__(
        self, scope: Construct, construct_id: str, *, network: Network, max_acu: float, pause_after: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        self.cluster = rds.DatabaseCluster(
            self,
            "Cluster",
            engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_7),
            credentials=rds.Credentials.from_generated_secret("matinee"),
            default_database_name="matinee",
            writer=rds.ClusterInstance.serverless_v2("Writer", publicly_accessible=False),
            serverless_v2_min_capacity=0,
            serverless_v2_max_capacity=max_acu,
            serverless_v2_auto_pause_duration=pause_after,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            storage_encrypted=True,
            backup=rds.BackupProps(retention=Duration.days(7)),
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            removal_policy=RemovalPolicy.SNAPSHOT,
        )
        self.cluster.connections.allow_default_port_from(network.functions, "from the functions")
        reviewed(
            self.cluster,
            RDS6="Who connects is a function in one security group, with a password out of a secret.",
            SMG4="A rotation needs a function in the VPC that runs by itself; the password is random, and nobody ever sees it.",
        )
        if self.cluster.secret is None:
            raise TypeError("a cluster with generated credentials has their secret")
        self.secret_arn = self.cluster.secret.secret_arn


class External(Construct):
    """A Postgres that is there already: the secret has its libpq URL."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        told = CfnParameter(
            scope, "DatabaseSecretArn", description="The secret whose text is the libpq URL of the database."
        )
        no_secret = Acknowledgment(id="CloudFormation-Validate::W2509", reason="It is an ARN.")
        Validations.of(scope).acknowledge(no_secret)
        self.secret_arn = told.value_as_string
