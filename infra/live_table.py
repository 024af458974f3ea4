"""The live table."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.reviewed import reviewed


class LiveTable(Construct):
    """What is happening now, and its stream (docs/architecture.md, section 3)."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires_at",
            stream=dynamodb.StreamViewType.NEW_IMAGE,
            # No point in time of a week that expires is worth going back to: what must not be lost is in Postgres.
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=False
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        reviewed(self.table, DDB3="No point in time of a week that expires is worth going back to.")
        if self.table.table_stream_arn is None:
            raise TypeError("a table with a stream has its ARN")
        self.stream_arn = self.table.table_stream_arn
