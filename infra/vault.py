"""The key of the vault: what encrypts the keys that variables are encrypted with."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct


class VaultKey(Construct):
    """A key in KMS. Without it no saved variable can be read, so it stays when the stack goes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Matinee: the data keys of variables",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.environment = {"MATINEE_KMS_KEY": self.key.key_arn}
