"""The stack: what there is, what feeds what, and every permission."""

from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, Size, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.artifacts import ArtifactsBucket
from infra.functions import Bundles, ImageFunction, ZipFunction
from infra.live_table import LiveTable
from infra.queues import WorkQueue
from infra.settings import Settings
from infra.versions import Versions

#: The items of the live table that track_runs copies into Postgres; events are not among them.
TRACKED = ("lease#", "result#", "report#")


class MatineeStack(Stack):
    """Matinee's road from a script to its report.

    The code of the functions and the database's URL are parameters, so that one template serves every region, the
    emulator of the local stack included, and is synthesized without Docker, credentials or a network.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, versions: Versions, **stack: Any
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.settings = settings
        self._log_retention = _log_retention(settings.log_retention_days)
        self.bundles = Bundles(
            bucket=CfnParameter(self, "BundlesBucket", description="The bucket with the functions' code."),
            version=CfnParameter(self, "BundleVersion", description="The folder in it: <version>/<function>.zip."),
        )
        self.image_uri = CfnParameter(
            self, "RunnerImageUri", description="The image of run_test, with its tag or digest."
        )
        self.database_url = CfnParameter(self, "DatabaseUrl", no_echo=True, description="libpq URL of the database.")

        self.tests = WorkQueue(
            self,
            "TestExecution",
            queue_name="test-execution",
            visibility=Duration.seconds(settings.redelivery_seconds),
            receives=settings.run_attempts,
        )
        self.live = LiveTable(self, "Live")
        self.artifacts = ArtifactsBucket(self, "Artifacts", retention=Duration.days(settings.retention_days))
        self._functions(versions)
        self._sources()
        self._grants()
        for name, value in (
            ("ArtifactsBucket", self.artifacts.bucket.bucket_name),
            ("LiveTable", self.live.table.table_name),
            ("TestQueueUrl", self.tests.queue.queue_url),
        ):
            CfnOutput(self, f"{name}Output", value=value).override_logical_id(f"{name}Name")

    def _functions(self, versions: Versions) -> None:
        settings = self.settings
        live = {"LIVE_TABLE": self.live.table.table_name}
        artifacts = {"ARTIFACTS_BUCKET": self.artifacts.bucket.bucket_name}
        queue = {"TEST_QUEUE_URL": self.tests.queue.queue_url}
        database = {"DATABASE_URL": self.database_url.value_as_string}
        told = {"PLAYWRIGHT_VERSION": versions.playwright, "CHROMIUM_VERSION": versions.chromium}
        self.submit = self._zip(
            "submit",
            memory_mb=1024,  # the parser's engine, and CPU to answer fast
            seconds=settings.api_timeout_seconds,
            environment={**live, **artifacts, **queue, **database, **told},
        )
        self.run_test = ImageFunction(
            self,
            "RunTest",
            prefix=settings.name,
            name="run_test",
            image_uri=self.image_uri,
            memory_mb=settings.run_memory_mb,
            storage=Size.mebibytes(settings.run_storage_mb),
            timeout=Duration.seconds(settings.run_timeout_seconds),
            environment={
                **live,
                **artifacts,
                **queue,
                **told,
                "MATINEE_MEMORY_MB": str(settings.run_memory_mb - settings.run_reserve_mb),
            },
            log_retention=self._log_retention,
        )
        self.track_runs = self._zip(
            "track_runs", memory_mb=512, seconds=settings.track_timeout_seconds, environment={**live, **database}
        )
        self.status_stream = self._streaming("status_stream", environment={**live, **database})
        self.report_proxy = self._streaming("report_proxy", environment={**artifacts, **database, **told})
        self.sweep = self._zip(
            "sweep",
            memory_mb=512,
            seconds=settings.sweep_timeout_seconds,
            environment={**live, **artifacts, **queue, **database},
        )

    def _sources(self) -> None:
        settings = self.settings
        lambda_.EventSourceMapping(
            self,
            "TestsToRunTest",
            target=self.run_test.function,
            event_source_arn=self.tests.queue.queue_arn,
            batch_size=1,
            max_concurrency=settings.run_concurrency,
            report_batch_item_failures=True,
        )
        lambda_.EventSourceMapping(
            self,
            "LiveToTrackRuns",
            target=self.track_runs.function,
            event_source_arn=self.live.stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=100,
            max_batching_window=Duration.seconds(0),
            parallelization_factor=settings.track_parallelism,
            retry_attempts=settings.track_retries,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            filters=[
                lambda_.FilterCriteria.filter(
                    {
                        "eventName": lambda_.FilterRule.is_equal("INSERT"),
                        "dynamodb": {"Keys": {"sk": {"S": [{"prefix": prefix} for prefix in TRACKED]}}},
                    }
                )
            ],
        )
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(self.sweep.function, retry_attempts=0)],
        )

    def _grants(self) -> None:
        """Say what each function may do. Nothing else in the stack grants anything."""
        table, queue, bucket = self.live.table.table_arn, self.tests.queue.queue_arn, self.artifacts.bucket.bucket_arn
        write = ["dynamodb:PutItem", "dynamodb:UpdateItem"]  # together also what TransactWriteItems asks for
        consume = [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        ]

        self.submit.allow(actions=[*write, "dynamodb:Query"], resources=[table])
        self.submit.allow(actions=["sqs:SendMessage", "sqs:GetQueueAttributes"], resources=[queue])
        self.submit.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*/scripts/*"])
        self.submit.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*/console.txt", f"{bucket}/health"])
        self._let_absence_be_told(self.submit)

        self.run_test.allow(actions=write, resources=[table])
        self.run_test.allow(actions=consume, resources=[queue])
        self.run_test.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*"])
        self.run_test.allow(
            actions=["s3:GetObject"], resources=[f"{bucket}/runs/*/scripts/*", f"{bucket}/runs/*/blob.zip"]
        )

        self.track_runs.allow(actions=["dynamodb:PutItem"], resources=[table])
        self.track_runs.allow(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[self.live.stream_arn],
        )
        self.track_runs.allow(actions=["dynamodb:ListStreams"], resources=["*"])  # knows no narrower resource

        self.status_stream.allow(actions=["dynamodb:Query"], resources=[table])

        self.report_proxy.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*", f"{bucket}/viewer/*"])
        self._let_absence_be_told(self.report_proxy)

        self.sweep.allow(actions=[*write, "dynamodb:Query"], resources=[table])
        self.sweep.allow(actions=["sqs:SendMessage"], resources=[queue])
        self.sweep.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*/scripts/*"])

    def _let_absence_be_told(self, function: ZipFunction) -> None:
        """Let S3 answer `function` 404 where nothing is; without this right it says 403."""
        function.role.add_to_policy(
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.artifacts.bucket.bucket_arn])
        )

    def _zip(
        self, name: str, *, memory_mb: int, seconds: int, environment: dict[str, str], handler: str | None = None
    ) -> ZipFunction:
        return ZipFunction(
            self,
            name.title().replace("_", ""),
            prefix=self.settings.name,
            name=name,
            handler=handler or f"functions.{name}.handler.handler",
            bundles=self.bundles,
            memory_mb=memory_mb,
            timeout=Duration.seconds(seconds),
            environment=environment,
            log_retention=self._log_retention,
        )

    def _streaming(self, name: str, *, environment: dict[str, str]) -> ZipFunction:
        """Make a function whose app a web adapter starts by its bundle's run.sh: Python's own runtime cannot stream."""
        return self._zip(
            name,
            memory_mb=512,
            seconds=self.settings.stream_timeout_seconds,
            environment=environment,
            handler="run.sh",
        )


def _log_retention(days: int) -> logs.RetentionDays:
    """Find CloudWatch's own name for `days`.

    Raises:
        ValueError: if CloudWatch knows no such retention.
    """
    names = {30: logs.RetentionDays.ONE_MONTH, 7: logs.RetentionDays.ONE_WEEK, 90: logs.RetentionDays.THREE_MONTHS}
    if days not in names:
        raise ValueError(f"logs are kept for one of {sorted(names)} days, not {days}")
    return names[days]
