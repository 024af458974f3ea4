"""The artifacts bucket."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.buckets import private_bucket


class ArtifactsBucket(Construct):
    """Scripts, blobs, consoles and reports below `runs/`, and the trace viewer below `viewer/`."""

    def __init__(self, scope: Construct, construct_id: str, *, retention: Duration) -> None:
        super().__init__(scope, construct_id)
        self.bucket = private_bucket(
            self,
            "Bucket",
            unlogged="Each report is read through a function, which has a log.",
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(id="runs", prefix="runs/", expiration=retention),
                s3.LifecycleRule(id="uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
            ],
        )
