"""The artifacts bucket."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.reviewed import reviewed


class ArtifactsBucket(Construct):
    """Scripts, blobs, consoles and reports below `runs/`, and the trace viewer below `viewer/`."""

    def __init__(self, scope: Construct, construct_id: str, *, retention: Duration) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(id="runs", prefix="runs/", expiration=retention),
                s3.LifecycleRule(id="uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
            ],
        )
        reviewed(self.bucket, S1="Each report is read through a function, which has a log.")
