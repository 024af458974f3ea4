"""The one wiring: settings to clients to stores to use cases, the same in Lambda, locally and in tests.

Each is built when it is first asked for and lives as long as the process.
"""
# ruff: noqa: PLC0415 - imports stand inside: a function loads only what it uses, and run_test has no Postgres driver

from functools import cache
from typing import TYPE_CHECKING

from matinee import settings

if TYPE_CHECKING:
    from botocore.config import Config

    from matinee.stores.artifacts import Artifacts
    from matinee.stores.keys import Keys
    from matinee.stores.live import LiveTable
    from matinee.stores.postgres import Database
    from matinee.stores.queues import TestQueue
    from matinee.stores.runs import Runs


@cache
def live() -> "LiveTable":
    """Give the live table."""
    import boto3

    from matinee.stores.live import LiveTable

    return LiveTable(boto3.client("dynamodb", config=_aws()), table=settings.load(settings.LiveSettings).live_table)


@cache
def artifacts() -> "Artifacts":
    """Give the artifacts bucket."""
    import boto3

    from matinee.stores.artifacts import Artifacts

    bucket = settings.load(settings.ArtifactSettings).artifacts_bucket
    return Artifacts(boto3.client("s3", config=_aws()), bucket=bucket)


@cache
def test_queue() -> "TestQueue":
    """Give the queue test-execution."""
    import boto3

    from matinee.stores.queues import TestQueue

    return TestQueue(boto3.client("sqs", config=_aws()), url=settings.load(settings.QueueSettings).test_queue_url)


@cache
def database() -> "Database":
    """Give Postgres."""
    from matinee.stores.postgres import Database

    return Database(settings.load(settings.DatabaseSettings).database_url)


@cache
def runs() -> "Runs":
    """Give the runs in Postgres."""
    from matinee.stores.runs import Runs

    return Runs(database())


@cache
def keys() -> "Keys":
    """Give the API keys and tickets in Postgres."""
    from matinee.stores.keys import Keys

    return Keys(database())


def reset() -> None:
    """Forget all that was built and read, and close it; the next call builds anew."""
    if database.cache_info().currsize:
        database().close()
    for part in (live, artifacts, test_queue, database, runs, keys, settings.load):
        part.cache_clear()


def _aws() -> "Config":
    """Bound every AWS call: a store that does not answer must not eat a function's whole time."""
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,  # report_proxy and uploads work on many objects at once
        s3={"addressing_style": "path"},  # bucket names below localhost resolve nowhere
    )
