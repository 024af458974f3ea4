"""The key of the vault: what encrypts the keys that variables are encrypted with."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct


class VaultKey(Construct):
    """A key in KMS, one that there is or a new one. Without it no saved variable can be read, so it stays when the stack goes."""

    def __init__(self, scope: Construct, construct_id: str, *, arn: str) -> None:
        super().__init__(scope, construct_id)
        self.key: kms.IKey = kms.Key.from_key_arn(self, "Key", arn) if arn else self._new()
        self.environment = {"MATINEE_KMS_KEY": self.key.key_arn}

    def _new(self) -> kms.Key:
        return kms.Key(
            self,
            "Key",
            description="Matinee: the data keys of variables",
            enable_key_rotation=True,
            rotation_period=Duration.days(365),
            removal_policy=RemovalPolicy.RETAIN,
        )
