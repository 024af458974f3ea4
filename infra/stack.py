"""The stack: what there is, what feeds what, and every permission."""

from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, Size, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.artifacts import ArtifactsBucket
from infra.functions import Bundles, Function, ImageFunction, ZipFunction
from infra.live_table import LiveTable
from infra.queues import WorkQueue
from infra.schedules import ScheduleGroup
from infra.settings import Settings
from infra.sources import EveryMinute, LiveSource, QueueSource
from infra.versions import Versions


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

        self.tests = self._queue("TestExecution", "test-execution", handled_in=settings.run_timeout_seconds)
        self.jobs = self._queue("JobExecution", "job-execution", handled_in=settings.plan_timeout_seconds)
        self.reports = self._queue("ReportMerge", "report-merge", handled_in=settings.merge_timeout_seconds)
        self.live = LiveTable(self, "Live")
        self.artifacts = ArtifactsBucket(self, "Artifacts", retention=Duration.days(settings.retention_days))
        self._functions(versions)
        self._sources()
        self._grants()
        for name, value in (
            ("ArtifactsBucket", self.artifacts.bucket.bucket_name),
            ("LiveTable", self.live.table.table_name),
            ("TestQueueUrl", self.tests.queue.queue_url),
            ("JobQueueUrl", self.jobs.queue.queue_url),
            ("ReportQueueUrl", self.reports.queue.queue_url),
        ):
            CfnOutput(self, f"{name}Output", value=value).override_logical_id(f"{name}Name")

    def _functions(self, versions: Versions) -> None:
        settings = self.settings
        live = {"LIVE_TABLE": self.live.table.table_name}
        artifacts = {"ARTIFACTS_BUCKET": self.artifacts.bucket.bucket_name}
        tests = {"TEST_QUEUE_URL": self.tests.queue.queue_url}
        jobs = {"JOB_QUEUE_URL": self.jobs.queue.queue_url}
        reports = {"REPORT_QUEUE_URL": self.reports.queue.queue_url}
        dead = {
            "TEST_DEAD_QUEUE_URL": self.tests.dead.queue_url,
            "JOB_DEAD_QUEUE_URL": self.jobs.dead.queue_url,
            "REPORT_DEAD_QUEUE_URL": self.reports.dead.queue_url,
        }
        database = {"DATABASE_URL": self.database_url.value_as_string}
        told = {"PLAYWRIGHT_VERSION": versions.playwright, "CHROMIUM_VERSION": versions.chromium}
        kept = {"MATINEE_RETENTION_DAYS": str(settings.retention_days)}
        memory = {"MATINEE_MEMORY_MB": str(settings.run_memory_mb - settings.run_reserve_mb)}
        self.scheduled = self._zip(
            "scheduled",
            bundle="submit",
            handler="functions.submit.scheduled.handler",
            memory_mb=512,
            seconds=settings.tick_timeout_seconds,
            environment={**live, **artifacts, **tests, **jobs, **reports, **database},
        )
        self.schedules = ScheduleGroup(self, "Schedules", group_name=settings.name, function=self.scheduled)
        clock = self.schedules.environment
        self.submit = self._zip(
            "submit",
            memory_mb=1024,  # the parser's engine, and CPU to answer fast
            seconds=settings.api_timeout_seconds,
            environment={**live, **artifacts, **tests, **jobs, **reports, **database, **told, **clock},
        )
        self.plan_job = self._zip(
            "plan_job",
            memory_mb=512,
            seconds=settings.plan_timeout_seconds,
            environment={**live, **artifacts, **tests, **jobs, **reports, **database},
        )
        self.run_test = self._image(
            "run_test",
            memory_mb=settings.run_memory_mb,
            seconds=settings.run_timeout_seconds,
            environment={**live, **artifacts, **tests, **told, **memory},
        )
        self.track_runs = self._zip(
            "track_runs",
            memory_mb=512,
            seconds=settings.track_timeout_seconds,
            environment={**live, **artifacts, **tests, **jobs, **reports, **database},
        )
        self.merge_report = self._image(
            "merge_report",
            memory_mb=settings.merge_memory_mb,
            seconds=settings.merge_timeout_seconds,
            environment={**live, **artifacts, **told},
        )
        self.status_stream = self._streaming("status_stream", environment={**live, **database})
        self.report_proxy = self._streaming("report_proxy", environment={**artifacts, **database, **told})
        self.sweep = self._zip(
            "sweep",
            memory_mb=512,
            seconds=settings.sweep_timeout_seconds,
            environment={**live, **artifacts, **tests, **jobs, **reports, **dead, **database, **kept, **clock},
        )

    def _sources(self) -> None:
        settings = self.settings
        QueueSource(self, "Tests", queue=self.tests, function=self.run_test, at_once=settings.run_concurrency)
        QueueSource(self, "Jobs", queue=self.jobs, function=self.plan_job, at_once=settings.plan_concurrency)
        QueueSource(self, "Reports", queue=self.reports, function=self.merge_report, at_once=settings.merge_concurrency)
        LiveSource(
            self,
            "Stream",
            live=self.live,
            function=self.track_runs,
            parallelism=settings.track_parallelism,
            retries=settings.track_retries,
        )
        EveryMinute(self, "EveryMinute", function=self.sweep)

    def _grants(self) -> None:
        """Say what each function may do. Nothing else in the stack grants anything."""
        table, bucket = self.live.table.table_arn, self.artifacts.bucket.bucket_arn
        tests, jobs, reports = (queue.queue.queue_arn for queue in (self.tests, self.jobs, self.reports))
        dead = [queue.dead.queue_arn for queue in (self.tests, self.jobs, self.reports)]
        write = ["dynamodb:PutItem", "dynamodb:UpdateItem"]  # together also what TransactWriteItems asks for
        read = ["dynamodb:GetItem", "dynamodb:Query"]
        send = ["sqs:SendMessage"]
        consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        long_scripts, manifests = f"{bucket}/runs/*/scripts/*", f"{bucket}/runs/*/manifest.json"
        made = f"{bucket}/runs/*/report/index.html"

        self.submit.allow(actions=[*write, *read, "dynamodb:BatchWriteItem"], resources=[table])
        self.submit.allow(actions=[*send, "sqs:GetQueueAttributes"], resources=[tests, jobs, reports])
        self.submit.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])
        self.submit.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*/console.txt", f"{bucket}/health"])
        self.submit.allow(actions=["s3:DeleteObject"], resources=[f"{bucket}/runs/*"])
        self._let_it_list(self.submit)
        self._let_it_schedule(self.submit)

        self.scheduled.allow(actions=write, resources=[table])
        self.scheduled.allow(actions=send, resources=[jobs, reports])
        self.scheduled.allow(actions=["s3:PutObject"], resources=[manifests])

        self.plan_job.allow(actions=write, resources=[table])
        self.plan_job.allow(actions=consume, resources=[jobs])
        self.plan_job.allow(actions=send, resources=[tests, jobs, reports])
        self.plan_job.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])

        self.run_test.allow(actions=write, resources=[table])
        self.run_test.allow(actions=[*consume, "sqs:ChangeMessageVisibility"], resources=[tests])
        self.run_test.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*"])
        self.run_test.allow(actions=["s3:GetObject"], resources=[long_scripts, f"{bucket}/runs/*/blob.zip"])

        self.track_runs.allow(actions=write, resources=[table])
        self.track_runs.allow(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[self.live.stream_arn],
        )
        self.track_runs.allow(actions=["dynamodb:ListStreams"], resources=["*"])  # knows no narrower resource
        self.track_runs.allow(actions=send, resources=[tests, jobs, reports])
        self.track_runs.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])

        self.merge_report.allow(actions=write, resources=[table])
        self.merge_report.allow(actions=consume, resources=[reports])
        self.merge_report.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*/blob.zip", manifests, made])
        self.merge_report.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*/report/*"])
        self._let_it_list(self.merge_report)

        self.status_stream.allow(actions=read, resources=[table])

        self.report_proxy.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*", f"{bucket}/viewer/*"])
        self._let_it_list(self.report_proxy)

        self.sweep.allow(actions=[*write, "dynamodb:Query", "dynamodb:BatchWriteItem"], resources=[table])
        self.sweep.allow(actions=send, resources=[tests, jobs, reports])
        self.sweep.allow(actions=consume, resources=dead)
        self.sweep.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])
        self.sweep.allow(actions=["s3:DeleteObject"], resources=[f"{bucket}/runs/*"])
        self._let_it_list(self.sweep)
        self._let_it_schedule(self.sweep)

    def _let_it_schedule(self, function: Function) -> None:
        """Let `function` keep the schedules of jobs in step, and hand Scheduler the role that they call with."""
        group = self.schedules.group_name
        schedules = self.format_arn(service="scheduler", resource="schedule", resource_name=f"{group}/*")
        function.allow(actions=["scheduler:CreateSchedule", "scheduler:DeleteSchedule"], resources=[schedules])
        function.allow(actions=["scheduler:ListSchedules"], resources=["*"])  # knows no narrower resource
        function.allow(
            actions=["iam:PassRole"],
            resources=[self.schedules.role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        )

    def _let_it_list(self, function: Function) -> None:
        """Let `function` list the bucket, without which S3 answers 403, not 404, where nothing is."""
        function.allow(actions=["s3:ListBucket"], resources=[self.artifacts.bucket.bucket_arn])

    def _queue(self, construct_id: str, name: str, *, handled_in: int) -> WorkQueue:
        """Make a queue. A message stays invisible six times as long as its function may run, as Lambda asks for.

        A worker that lives makes it shorter for its own message (docs/architecture.md, section 3).
        """
        return WorkQueue(
            self,
            construct_id,
            queue_name=name,
            visibility=Duration.seconds(6 * handled_in),
            receives=self.settings.attempts,
        )

    def _image(self, name: str, *, memory_mb: int, seconds: int, environment: dict[str, str]) -> ImageFunction:
        return ImageFunction(
            self,
            name.title().replace("_", ""),
            prefix=self.settings.name,
            name=name,
            image_uri=self.image_uri,
            memory_mb=memory_mb,
            storage=Size.mebibytes(self.settings.run_storage_mb),
            timeout=Duration.seconds(seconds),
            environment=environment,
            log_retention=self._log_retention,
        )

    def _zip(
        self,
        name: str,
        *,
        memory_mb: int,
        seconds: int,
        environment: dict[str, str],
        handler: str | None = None,
        bundle: str | None = None,
    ) -> ZipFunction:
        """Make a function of a bundle, its own unless another is named."""
        return ZipFunction(
            self,
            name.title().replace("_", ""),
            prefix=self.settings.name,
            name=name,
            handler=handler or f"functions.{name}.handler.handler",
            bundle=bundle or name,
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
