"""Buckets: each is private, encrypted, and answers over TLS only."""

from typing import Any

from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.reviewed import reviewed


def private_bucket(scope: Construct, construct_id: str, *, unlogged: str, **more: Any) -> s3.Bucket:
    """Make a bucket; `unlogged` says why who reads it is not written down, `more` is what it has besides."""
    bucket = s3.Bucket(
        scope,
        construct_id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        **more,
    )
    reviewed(bucket, S1=unlogged)
    return bucket
