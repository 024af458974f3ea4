"""The stack: what there is, what feeds what, and every permission."""

from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, Stack
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.artifacts import ArtifactsBucket
from infra.database import Aurora, External
from infra.fleet import Fleet
from infra.functions import Code, Common, Function
from infra.live_table import LiveTable
from infra.network import Network
from infra.queues import WorkQueue
from infra.release import Release
from infra.reports import ReportSite
from infra.settings import Settings
from infra.sources import EveryMinute, LiveSource, QueueSource
from infra.vault import VaultKey
from infra.versions import Versions
from infra.web import WebSite


class MatineeStack(Stack):
    """Matinee, from a script to its report.

    Where the functions' code lies is told from outside, so that the template is synthesized without Docker, credentials
    or a network, and one template serves every region, the emulator of the local stack included.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        versions: Versions,
        release: Release,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self.settings = settings
        code = Code(
            bucket=CfnParameter(self, "BundlesBucket", description="The bucket with the functions' code."),
            keys=release.bundles,
            image_uri=CfnParameter(
                self, "RunnerImageUri", description="The image of run_test, with its tag or digest."
            ),
        )
        self.tests = self._queue("TestExecution", "test-execution", handled_in=settings.run_timeout_seconds)
        self.jobs = self._queue("JobExecution", "job-execution", handled_in=settings.plan_timeout_seconds)
        self.reports = self._queue("ReportMerge", "report-merge", handled_in=settings.merge_timeout_seconds)
        self.live = LiveTable(self, "Live")
        self.artifacts = ArtifactsBucket(self, "Artifacts", retention=Duration.days(settings.retention_days))
        self.network, self.database = self._database()
        self.vault = VaultKey(self, "Vault", arn=settings.vault_key_arn) if settings.vault else None
        self.fleet = Fleet(
            self,
            settings=settings,
            common=Common(
                prefix=settings.name, code=code, log_days=settings.log_retention_days, tracing=settings.tracing
            ),
            versions=versions,
            tests=self.tests,
            jobs=self.jobs,
            reports=self.reports,
            live=self.live,
            artifacts=self.artifacts,
            database_secret_arn=self.database.secret_arn,
            vault=self.vault,
            network=self.network,
        )
        self._sources()
        self._grants()
        if self.vault:
            self._let_them_keep_secrets(self.vault)
            self._tell(VaultKey=self.vault.key.key_arn)
        if settings.front:
            self._front()
        self._tell(
            ArtifactsBucket=self.artifacts.bucket.bucket_name,
            LiveTable=self.live.table.table_name,
            TestQueueUrl=self.tests.queue.queue_url,
            JobQueueUrl=self.jobs.queue.queue_url,
            ReportQueueUrl=self.reports.queue.queue_url,
        )

    def _database(self) -> tuple[Network | None, Aurora | External]:
        settings = self.settings
        if settings.database == "external":
            return None, External(self, "Database")
        network = Network(self, "Network", zones=settings.vpc_zones, endpoint_zones=settings.endpoint_zones)
        pause_after = Duration.seconds(settings.aurora_pause_seconds)
        aurora = Aurora(self, "Database", network=network, max_acu=settings.aurora_max_acu, pause_after=pause_after)
        return network, aurora

    def _front(self) -> None:
        """Add what people meet: the API, the web UI, and what watches over the rest."""
        settings, fleet = self.settings, self.fleet
        self.api = Api(
            self,
            "Api",
            prefix=settings.name,
            submit=fleet.submit.live_version(),
            status_stream=fleet.status_stream,
            report_proxy=fleet.report_proxy,
            requests_a_second=settings.api_requests_a_second,
            burst=settings.api_burst,
            tracing=settings.tracing,
            account_log_role=settings.api_log_role,
            log_days=settings.log_retention_days,
        )
        self.report_site = ReportSite(self, "ReportSite", api=self.api)
        self.web = WebSite(
            self,
            "Web",
            api=self.api,
            reports=self.report_site,
            domain_name=settings.domain_name,
            certificate_arn=settings.certificate_arn,
        )
        fleet.report_proxy.function.add_environment("MATINEE_REPORT_ORIGINS", f"{self.web.url}={self.report_site.url}")
        self.alarms = Alarms(
            self,
            "Alarms",
            prefix=settings.name,
            queues={"tests": self.tests, "jobs": self.jobs, "reports": self.reports},
            functions=fleet.functions,
            track_runs=fleet.track_runs,
            api=self.api,
            oldest=Duration.minutes(5),
            email=settings.alarm_email,
        )
        self._tell(
            WebBucket=self.web.bucket.bucket_name,
            DistributionId=self.web.distribution.distribution_id,
            Url=self.web.url,
            ReportUrl=self.report_site.url,
            ApiUrl=self.api.api.url,
        )

    def _tell(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, f"{name}Output", value=value).override_logical_id(f"{name}Name")

    def _sources(self) -> None:
        settings, fleet = self.settings, self.fleet
        QueueSource(
            self,
            "Tests",
            queue=self.tests,
            function=fleet.dispatch_test or fleet.run_test,
            at_once=settings.run_concurrency,
            pollers=settings.run_pollers,
        )
        QueueSource(self, "Jobs", queue=self.jobs, function=fleet.plan_job, at_once=settings.plan_concurrency)
        QueueSource(
            self, "Reports", queue=self.reports, function=fleet.merge_report, at_once=settings.merge_concurrency
        )
        LiveSource(
            self,
            "Stream",
            live=self.live,
            function=fleet.track_runs,
            parallelism=settings.track_parallelism,
            retries=settings.track_retries,
        )
        EveryMinute(self, "EveryMinute", function=fleet.sweep)

    def _grants(self) -> None:
        """Say what each function may do. Nothing else in the stack grants anything."""
        fleet = self.fleet
        table, bucket = self.live.table.table_arn, self.artifacts.bucket.bucket_arn
        tests, jobs, reports = (queue.queue.queue_arn for queue in (self.tests, self.jobs, self.reports))
        dead = [queue.dead.queue_arn for queue in (self.tests, self.jobs, self.reports)]
        write = ["dynamodb:PutItem", "dynamodb:UpdateItem"]  # together also what TransactWriteItems asks for
        read = ["dynamodb:GetItem", "dynamodb:Query"]
        send = ["sqs:SendMessage"]
        consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        long_scripts, manifests = f"{bucket}/runs/*/scripts/*", f"{bucket}/runs/*/manifest.json"

        for function in fleet.with_database:
            function.allow(actions=["secretsmanager:GetSecretValue"], resources=[self.database.secret_arn])

        if self.settings.oidc_secret_arn:
            fleet.submit.allow(actions=["secretsmanager:GetSecretValue"], resources=[self.settings.oidc_secret_arn])
        fleet.submit.allow(actions=[*write, *read, "dynamodb:BatchWriteItem"], resources=[table])
        fleet.submit.allow(actions=send, resources=[tests, jobs, reports])
        fleet.submit.allow(actions=["sqs:GetQueueAttributes"], resources=[tests])  # for /api/health
        fleet.submit.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])
        fleet.submit.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*/console.txt", f"{bucket}/health"])
        fleet.submit.allow(actions=["s3:DeleteObject"], resources=[f"{bucket}/runs/*"])
        self._let_it_list(fleet.submit)
        self._let_it_schedule(fleet.submit)

        fleet.scheduled.allow(actions=write, resources=[table])
        fleet.scheduled.allow(actions=send, resources=[jobs, reports])
        fleet.scheduled.allow(actions=["s3:PutObject"], resources=[manifests])

        fleet.plan_job.allow(actions=write, resources=[table])
        fleet.plan_job.allow(actions=consume, resources=[jobs])
        fleet.plan_job.allow(actions=send, resources=[tests, jobs, reports])
        fleet.plan_job.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])

        self._let_tests_run(write=write, consume=consume, scripts=long_scripts)

        fleet.track_runs.allow(actions=write, resources=[table])
        fleet.track_runs.allow(
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[self.live.stream_arn],
        )
        fleet.track_runs.allow(actions=["dynamodb:ListStreams"], resources=["*"])  # knows no narrower resource
        fleet.track_runs.allow(actions=send, resources=[tests, jobs, reports])
        fleet.track_runs.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])

        fleet.merge_report.allow(actions=write, resources=[table])
        fleet.merge_report.allow(actions=consume, resources=[reports])
        fleet.merge_report.allow(
            actions=["s3:GetObject"],
            resources=[f"{bucket}/runs/*/{name}" for name in ("blob.zip", "manifest.json", "report/index.html")],
        )
        fleet.merge_report.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*/report/*"])
        self._let_it_list(fleet.merge_report)

        fleet.status_stream.allow(actions=read, resources=[table])

        fleet.report_proxy.allow(actions=["s3:GetObject"], resources=[f"{bucket}/runs/*", f"{bucket}/viewer/*"])
        self._let_it_list(fleet.report_proxy)

        fleet.sweep.allow(actions=[*write, *read, "dynamodb:BatchWriteItem"], resources=[table])
        fleet.sweep.allow(actions=send, resources=[tests, jobs, reports])
        fleet.sweep.allow(actions=["sqs:ReceiveMessage", "sqs:DeleteMessage"], resources=dead)
        fleet.sweep.allow(actions=["s3:PutObject"], resources=[long_scripts, manifests])
        fleet.sweep.allow(actions=["s3:DeleteObject"], resources=[f"{bucket}/runs/*"])
        self._let_it_list(fleet.sweep)
        self._let_it_schedule(fleet.sweep)

    def _let_tests_run(self, *, write: list[str], consume: list[str], scripts: str) -> None:
        """Let run_test, which executes what users wrote, do as little as it can; from the queue comes what it gets, or what hands that on."""
        fleet, tests, bucket = self.fleet, self.tests.queue.queue_arn, self.artifacts.bucket.bucket_arn
        taker = fleet.dispatch_test or fleet.run_test
        fleet.run_test.allow(actions=write, resources=[self.live.table.table_arn])
        fleet.run_test.allow(actions=["s3:PutObject"], resources=[f"{bucket}/runs/*"])
        fleet.run_test.allow(actions=["s3:GetObject"], resources=[scripts, f"{bucket}/runs/*/blob.zip"])
        fleet.run_test.allow(actions=["sqs:ChangeMessageVisibility"], resources=[tests])
        taker.allow(actions=consume, resources=[tests])
        if fleet.dispatch_test:
            fleet.dispatch_test.allow(actions=["sqs:ChangeMessageVisibility"], resources=[tests])
            fleet.dispatch_test.allow(
                actions=["lambda:InvokeFunction"], resources=[fleet.run_test.function.function_arn]
            )

    def _let_them_keep_secrets(self, vault: VaultKey) -> None:
        """Give each half of what the key can do to one function: who encrypts reads nothing, and who reads encrypts nothing."""
        self.fleet.submit.allow(actions=["kms:GenerateDataKey"], resources=[vault.key.key_arn])
        self.fleet.run_test.allow(actions=["kms:Decrypt"], resources=[vault.key.key_arn])

    def _let_it_schedule(self, function: Function) -> None:
        """Let `function` keep the schedules of jobs in step, and hand Scheduler the role that they call with."""
        group = self.fleet.schedules.group_name
        schedules = self.format_arn(service="scheduler", resource="schedule", resource_name=f"{group}/*")
        function.allow(actions=["scheduler:CreateSchedule", "scheduler:DeleteSchedule"], resources=[schedules])
        function.allow(actions=["scheduler:ListSchedules"], resources=["*"])  # knows no narrower resource
        function.allow(
            actions=["iam:PassRole"],
            resources=[self.fleet.schedules.role.role_arn],
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
