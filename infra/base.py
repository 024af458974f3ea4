"""What must be there before the stack: where its code lies."""

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.reviewed import reviewed


class BaseStack(Stack):
    """A bucket for the bundles and templates, and a repository for the image."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, **stack: Any) -> None:
        super().__init__(scope, construct_id, **stack)
        self.bucket = s3.Bucket(
            self,
            "Bundles",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,  # a rollback needs the code of before
            lifecycle_rules=[s3.LifecycleRule(id="old", noncurrent_version_expiration=Duration.days(90))],
            removal_policy=RemovalPolicy.DESTROY,
        )
        reviewed(self.bucket, S1="It has what is in the repository; only deployments use it.")
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
