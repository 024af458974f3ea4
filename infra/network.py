"""Where functions that need Aurora live: a VPC without a way to the internet."""

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.reviewed import reviewed


class Network(Construct):
    """The VPC, and the ways out of it to the AWS services that its functions need.

    There is no NAT gateway: one costs more than everything else that waits. S3 and DynamoDB have gateways, free of charge;
    each other service has an endpoint that costs by the hour and zone.
    """

    def __init__(self, scope: Construct, construct_id: str, *, zones: int, endpoint_zones: int) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=zones,
            nat_gateways=0,
            restrict_default_security_group=False,  # CDK would do that with a function of its own; nothing uses the group
            subnet_configuration=[
                ec2.SubnetConfiguration(name="inside", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=20)
            ],
        )
        reviewed(
            self.vpc,
            VPC7="Nothing in it can be reached from outside, nor reach anything but AWS; flow logs are paid by the byte.",
        )
        for name, service in (
            ("S3", ec2.GatewayVpcEndpointAwsService.S3),
            ("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB),
        ):
            self.vpc.add_gateway_endpoint(name, service=service)
        self.functions = ec2.SecurityGroup(self, "Functions", vpc=self.vpc, description="Functions that need Postgres")
        endpoints = ec2.SecurityGroup(
            self, "Endpoints", vpc=self.vpc, description="AWS services", allow_all_outbound=False
        )
        endpoints.add_ingress_rule(self.functions, ec2.Port.tcp(443), "from the functions")
        for name, wanted in (
            ("Sqs", ec2.InterfaceVpcEndpointAwsService.SQS),
            ("SecretsManager", ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER),
            ("Kms", ec2.InterfaceVpcEndpointAwsService.KMS),
            ("Scheduler", ec2.InterfaceVpcEndpointAwsService("scheduler")),
        ):
            ec2.InterfaceVpcEndpoint(
                self,
                name,
                vpc=self.vpc,
                service=wanted,
                security_groups=[endpoints],
                open=False,
                subnets=ec2.SubnetSelection(subnets=self.vpc.isolated_subnets[:endpoint_zones]),
            )
