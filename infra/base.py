"""What must be there before the stack: where its code lies."""

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.buckets import private_bucket


class BaseStack(Stack):
    """A bucket for the bundles and templates, and a repository for the image."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        self.bucket = private_bucket(
            self,
            "Bundles",
            unlogged="It has what is in the repository; only deployments use it.",
            versioned=True,  # a rollback needs the code of before
            lifecycle_rules=[s3.LifecycleRule(id="old", noncurrent_version_expiration=Duration.days(90))],
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.repository = ecr.Repository(
            self,
            "Images",
            repository_name=name,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=10)],
            removal_policy=RemovalPolicy.DESTROY,
            empty_on_delete=False,
        )
        CfnOutput(self, "BundlesBucketOutput", value=self.bucket.bucket_name).override_logical_id("BundlesBucketName")
        CfnOutput(self, "ImagesOutput", value=self.repository.repository_uri).override_logical_id("ImagesName")
