"""Settings to clients to stores."""
# ruff: noqa: PLC0415 - imports stand inside: a function loads only what it uses, and run_test has no Postgres driver

from pathlib import Path
from typing import TYPE_CHECKING

from matinee import settings
from matinee.bootstrap.parts import Part, aws

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from matinee.model.work import RunOrder, TestOrder
    from matinee.stores.alarm_clock import AlarmClock
    from matinee.stores.api_keys import ApiKeys
    from matinee.stores.artifacts import Artifacts
    from matinee.stores.audit import Audit
    from matinee.stores.deletions import Deletions
    from matinee.stores.figures import Figures
    from matinee.stores.issuer import Issuer
    from matinee.stores.jobs import Jobs
    from matinee.stores.keys import Keys
    from matinee.stores.limits import LimitBook
    from matinee.stores.live import LiveTable
    from matinee.stores.members import Members
    from matinee.stores.postgres import Database
    from matinee.stores.queues import Queue
    from matinee.stores.runs import Runs
    from matinee.stores.scheduler import Scheduler
    from matinee.stores.schedules import Schedules
    from matinee.stores.sessions import Sessions
    from matinee.stores.shares import Shares
    from matinee.stores.sources import Sources
    from matinee.stores.sweeps import Sweeps
    from matinee.stores.tenants import Tenants
    from matinee.stores.tests import Tests
    from matinee.stores.ticks import Ticks
    from matinee.stores.tracking import Tracking
    from matinee.stores.trigger_keys import TriggerKeys
    from matinee.stores.variables import Variables
    from matinee.stores.vault import Vault
    from matinee.stores.vitals import Vitals
    from matinee.stores.workspaces import Workspaces


@Part
def live() -> "LiveTable":
    """Give the live table."""
    import boto3

    from matinee.stores.live import LiveTable

    return LiveTable(boto3.client("dynamodb", config=aws()), table=settings.load(settings.LiveSettings).live_table)


@Part
def alarm_clock() -> "AlarmClock":
    """Give what knows when sweep is needed."""
    import boto3

    from matinee.stores.alarm_clock import AlarmClock

    return AlarmClock(boto3.client("dynamodb", config=aws()), table=settings.load(settings.LiveSettings).live_table)


@Part
def vitals() -> "Vitals":
    """Give what workers say of themselves."""
    import boto3

    from matinee.stores.vitals import Vitals

    return Vitals(boto3.client("dynamodb", config=aws()), table=settings.load(settings.LiveSettings).live_table)


@Part
def tenants() -> "Tenants":
    """Give what runs tests in their workspaces' own environments."""
    import boto3
    from botocore.config import Config

    from matinee.stores.tenants import Tenants

    told = settings.load(settings.TenantSettings)
    # A second attempt would be a second test, and a long silence is no fault; a route that forgets quiet connections would make it one.
    patient = Config(
        connect_timeout=3, read_timeout=told.run_test_timeout_s, retries={"total_max_attempts": 1}, tcp_keepalive=True
    )
    return Tenants(boto3.client("lambda", config=patient), function=told.run_test_function)


@Part
def artifacts() -> "Artifacts":
    """Give the artifacts bucket."""
    import boto3

    from matinee.stores.artifacts import Artifacts

    bucket = settings.load(settings.ArtifactSettings).artifacts_bucket
    return Artifacts(boto3.client("s3", config=aws()), bucket=bucket)


@Part
def sqs() -> "SQSClient":
    """Give what talks to queues."""
    import boto3

    return boto3.client("sqs", config=aws())


@Part
def test_queue() -> "Queue[TestOrder]":
    """Give the queue test-execution."""
    from matinee.model.work import TestOrder
    from matinee.stores.queues import Queue

    return Queue(sqs(), url=settings.load(settings.TestQueueSettings).test_queue_url, kind=TestOrder)


@Part
def job_queue() -> "Queue[RunOrder]":
    """Give the queue job-execution."""
    return of_runs(settings.load(settings.JobQueueSettings).job_queue_url)


@Part
def report_queue() -> "Queue[RunOrder]":
    """Give the queue report-merge."""
    return of_runs(settings.load(settings.ReportQueueSettings).report_queue_url)


def of_runs(url: str) -> "Queue[RunOrder]":
    """Give a queue of runs."""
    from matinee.model.work import RunOrder
    from matinee.stores.queues import Queue

    return Queue(sqs(), url=url, kind=RunOrder)


@Part
def database() -> "Database":
    """Give Postgres."""
    from matinee.stores.postgres import Database

    told = settings.load(settings.DatabaseSettings)
    return Database(told.database_url or _conninfo(told.database_secret), patience_s=told.database_patience_s)


def _conninfo(arn: str) -> str:
    from matinee.stores.secrets import conninfo

    return conninfo(_secret(arn))


def _secret(arn: str) -> str:
    import boto3

    from matinee.stores.secrets import text_of

    return text_of(boto3.client("secretsmanager", config=aws()), arn)


@Part
def vault() -> "Vault":
    """Give what encrypts and decrypts variables: by KMS where a key of it is named, else by a file."""
    from matinee.stores.vault import FileKeys, KmsKeys, Vault

    told = settings.load(settings.VaultSettings)
    if not told.matinee_kms_key:
        return Vault(FileKeys(Path(told.matinee_key_file)))
    import boto3

    return Vault(KmsKeys(boto3.client("kms", config=aws()), key=told.matinee_kms_key))


def variables() -> "Variables":
    """Give the saved variables in Postgres."""
    from matinee.stores.variables import Variables

    return Variables(database(), vault())


@Part
def runs() -> "Runs":
    """Give the runs in Postgres."""
    from matinee.stores.runs import Runs

    return Runs(database())


@Part
def tracking() -> "Tracking":
    """Give what follows runs in Postgres."""
    from matinee.stores.tracking import Tracking

    return Tracking(database())


def tests() -> "Tests":
    """Give the saved tests in Postgres."""
    from matinee.stores.tests import Tests

    return Tests(database())


def jobs() -> "Jobs":
    """Give the jobs in Postgres."""
    from matinee.stores.jobs import Jobs

    return Jobs(database())


def sources() -> "Sources":
    """Give what reads the scripts in Postgres."""
    from matinee.stores.sources import Sources

    return Sources(database())


def deletions() -> "Deletions":
    """Give what deletes runs and jobs in Postgres."""
    from matinee.stores.deletions import Deletions

    return Deletions(database())


def figures() -> "Figures":
    """Give the figures in Postgres."""
    from matinee.stores.figures import Figures

    return Figures(database())


@Part
def keys() -> "Keys":
    """Give the API keys and tickets in Postgres."""
    from matinee.stores.keys import Keys

    return Keys(database(), requests_per_minute=_most_requests())


def api_keys() -> "ApiKeys":
    """Give what looks after API keys in Postgres."""
    from matinee.stores.api_keys import ApiKeys

    return ApiKeys(database())


def sessions() -> "Sessions":
    """Give the browsers' sessions in Postgres."""
    from matinee.stores.sessions import Sessions

    return Sessions(database(), requests_per_minute=_most_requests())


def limits() -> "LimitBook":
    """Give the limits and usage of workspaces in Postgres."""
    from matinee.stores.limits import LimitBook

    return LimitBook(database())


def members() -> "Members":
    """Give the members in Postgres."""
    from matinee.stores.members import Members

    return Members(database())


def workspaces() -> "Workspaces":
    """Give the workspaces in Postgres."""
    from matinee.stores.workspaces import Workspaces

    return Workspaces(database())


def audit() -> "Audit":
    """Give the audit log in Postgres."""
    from matinee.stores.audit import Audit

    return Audit(database())


@Part
def issuer() -> "Issuer | None":
    """Give the OpenID Connect issuer, if there is one."""
    told = settings.load(settings.OidcSettings)
    if not told.oidc_issuer:
        return None
    from matinee.stores.issuer import Issuer

    secret = told.oidc_client_secret or (_secret(told.oidc_secret) if told.oidc_secret else "")
    return Issuer(told.oidc_issuer, client_id=told.oidc_client_id, client_secret=secret)


def _most_requests() -> int:
    most: int = settings.load(settings.AccessSettings).matinee_requests_per_minute
    return most


def shares() -> "Shares":
    """Give the shares of runs in Postgres."""
    from matinee.stores.shares import Shares

    return Shares(database())


def trigger_keys() -> "TriggerKeys":
    """Give the trigger keys in Postgres."""
    from matinee.stores.trigger_keys import TriggerKeys

    return TriggerKeys(database())


@Part
def schedules() -> "Schedules":
    """Give the schedules in Postgres."""
    from matinee.stores.schedules import Schedules

    return Schedules(database())


@Part
def ticks() -> "Ticks":
    """Give the account of ticks in Postgres."""
    from matinee.stores.ticks import Ticks

    return Ticks(database())


@Part
def sweeps() -> "Sweeps":
    """Give what is known of sweeps in Postgres."""
    from matinee.stores.sweeps import Sweeps

    return Sweeps(database())


@Part
def scheduler() -> "Scheduler":
    """Give EventBridge Scheduler."""
    import boto3

    from matinee.stores.scheduler import Scheduler

    told = settings.load(settings.SchedulerSettings)
    return Scheduler(
        boto3.client("scheduler", config=aws()),
        group=told.schedule_group,
        target_arn=told.schedule_target_arn,
        role_arn=told.schedule_role_arn,
    )
