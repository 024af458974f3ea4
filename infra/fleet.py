"""The functions: what each is made of, how much it gets, and where it finds what it needs."""

from aws_cdk import Aws, Duration, Size, Stack
from aws_cdk import aws_lambda as lambda_

from infra.artifacts import ArtifactsBucket
from infra.functions import Common, Function, ImageFunction, ZipFunction
from infra.live_table import LiveTable
from infra.network import Network
from infra.queues import WorkQueue
from infra.schedules import ScheduleGroup
from infra.settings import Settings
from infra.vault import VaultKey
from infra.versions import Versions

#: The Lambda Web Adapter, with which a function's answer streams: https://github.com/aws/aws-lambda-web-adapter
_ADAPTER = "arn:{partition}:lambda:{region}:753240598075:layer:LambdaAdapterLayerX86:25"
_ADAPTED = {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
    "AWS_LWA_INVOKE_MODE": "response_stream",
    "AWS_LWA_PORT": "8080",
    "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
}


class Fleet:
    """All functions of a deployment, in its stack. What they may do, the stack says."""

    def __init__(
        self,
        stack: Stack,
        *,
        settings: Settings,
        common: Common,
        versions: Versions,
        tests: WorkQueue,
        jobs: WorkQueue,
        reports: WorkQueue,
        live: LiveTable,
        artifacts: ArtifactsBucket,
        database_secret_arn: str,
        vault: VaultKey | None,
        network: Network | None,
    ) -> None:
        self._stack, self._common, self._network = stack, common, network
        self._storage_mb = settings.run_storage_mb
        self._settings = settings
        on_demand = {"LIVE_TABLE": live.table.table_name}
        stored = {"ARTIFACTS_BUCKET": artifacts.bucket.bucket_name}
        road = {**on_demand, **stored, "TEST_QUEUE_URL": tests.queue.queue_url}
        queues = {"JOB_QUEUE_URL": jobs.queue.queue_url, "REPORT_QUEUE_URL": reports.queue.queue_url}
        dead = {
            "TEST_DEAD_QUEUE_URL": tests.dead.queue_url,
            "JOB_DEAD_QUEUE_URL": jobs.dead.queue_url,
            "REPORT_DEAD_QUEUE_URL": reports.dead.queue_url,
        }
        database = {"DATABASE_SECRET": database_secret_arn}
        if network:
            database["DATABASE_PATIENCE_S"] = "24"  # Aurora takes some 15 s to wake up
        rests = {"MATINEE_SWEEP_RESTS_S": str(settings.sweep_rests_seconds)}
        told = {"PLAYWRIGHT_VERSION": versions.playwright, "CHROMIUM_VERSION": versions.chromium}
        kept = {"MATINEE_RETENTION_DAYS": str(settings.retention_days)}
        bounds = {
            "MATINEE_MEMORY_MB": str(settings.run_memory_mb - settings.run_reserve_mb),
            "MATINEE_DISK_MB": str(settings.run_storage_mb // 2),  # the other half is for what becomes of it
            "MATINEE_EGRESS": settings.egress,
            "MATINEE_EGRESS_ALLOW": " ".join(settings.egress_allow),
        }
        sealed = vault.environment if vault else {}
        whole = {**road, **queues, **database}

        self.scheduled = self._zip(
            "scheduled",
            bundle="submit",
            handler="functions.submit.scheduled.handler",
            seconds=settings.tick_timeout_seconds,
            environment={**whole, **rests},
        )
        self.schedules = ScheduleGroup(stack, "Schedules", group_name=settings.name, function=self.scheduled)
        clock = self.schedules.environment
        people = {
            "MATINEE_REQUESTS_PER_MINUTE": str(settings.requests_per_minute),
            "OIDC_ISSUER": settings.oidc_issuer,
            "OIDC_CLIENT_ID": settings.oidc_client_id,
            "OIDC_SECRET": settings.oidc_secret_arn,
            "OIDC_NAME": settings.oidc_name,
        }
        self.submit = self._zip(
            "submit",
            memory_mb=1024,  # the parser's engine, and CPU to answer fast
            seconds=settings.api_timeout_seconds,
            environment={**whole, **told, **clock, **rests, **people, **sealed},
            snap_start=settings.front,
        )
        self.plan_job = self._zip("plan_job", seconds=settings.plan_timeout_seconds, environment=whole)
        self.run_test = self._image(
            "run_test",
            memory_mb=settings.run_memory_mb,
            seconds=settings.run_timeout_seconds,
            environment={**road, **told, **bounds, **sealed},
            per_tenant=settings.tenant_isolation,
        )
        self.dispatch_test = self._dispatch_test(road) if settings.tenant_isolation else None
        self.track_runs = self._zip("track_runs", seconds=settings.track_timeout_seconds, environment=whole)
        self.merge_report = self._image(
            "merge_report",
            memory_mb=settings.merge_memory_mb,
            seconds=settings.merge_timeout_seconds,
            environment={**on_demand, **stored, **told},
        )
        self.status_stream = self._streaming(
            "status_stream", seconds=settings.stream_timeout_seconds, environment={**on_demand, **database}
        )
        self.report_proxy = self._streaming(
            "report_proxy", seconds=settings.stream_timeout_seconds, environment={**stored, **database, **told}
        )
        self.sweep = self._zip(
            "sweep",
            seconds=settings.sweep_timeout_seconds,
            environment={**whole, **dead, **kept, **clock, **rests},
        )
        self.migrate = self._zip("migrate", seconds=settings.stream_timeout_seconds, environment=database)

    @property
    def functions(self) -> list[Function]:
        """All of them."""
        dispatch = [self.dispatch_test] if self.dispatch_test else []
        return [*self.with_database, self.run_test, *dispatch, self.merge_report]

    @property
    def with_database(self) -> list[Function]:
        """Those that reach Postgres."""
        streams = [self.status_stream, self.report_proxy]
        return [self.submit, self.scheduled, self.plan_job, self.track_runs, *streams, self.sweep, self.migrate]

    def _zip(
        self,
        name: str,
        *,
        seconds: int,
        environment: dict[str, str],
        memory_mb: int = 512,
        handler: str | None = None,
        bundle: str | None = None,
        layers: tuple[lambda_.ILayerVersion, ...] = (),
        snap_start: bool = False,
    ) -> ZipFunction:
        """Make a function of a bundle, its own unless another is named."""
        return ZipFunction(
            self._stack,
            name.title().replace("_", ""),
            common=self._common,
            name=name,
            handler=handler or f"functions.{name}.handler.handler",
            bundle=bundle or name,
            memory_mb=memory_mb,
            timeout=Duration.seconds(seconds),
            environment=environment,
            network=self._network,
            layers=layers,
            snap_start=snap_start,
        )

    def _streaming(self, name: str, *, seconds: int, environment: dict[str, str]) -> ZipFunction:
        """Make a function whose app a web adapter starts by its bundle's run.sh: Python's own runtime cannot stream."""
        adapter = lambda_.LayerVersion.from_layer_version_arn(
            self._stack,
            f"AdapterOf{name.title().replace('_', '')}",
            _ADAPTER.format(partition=Aws.PARTITION, region=Aws.REGION),
        )
        return self._zip(
            name,
            seconds=seconds,
            environment={**environment, **_ADAPTED},
            handler="run.sh",
            layers=(adapter,),
        )

    def _dispatch_test(self, road: dict[str, str]) -> ZipFunction:
        """Make what waits for run_test's answer, and needs nothing but patience: a function with tenants takes nothing from a queue itself."""
        seconds = self._settings.run_timeout_seconds
        return ZipFunction(
            self._stack,
            "DispatchTest",
            common=self._common,
            name="dispatch_test",
            handler="functions.dispatch_test.handler.handler",
            bundle="dispatch_test",
            memory_mb=256,
            timeout=Duration.seconds(seconds),
            environment={
                "TEST_QUEUE_URL": road["TEST_QUEUE_URL"],
                "RUN_TEST_FUNCTION": self.run_test.function.function_name,
                "RUN_TEST_TIMEOUT_S": str(seconds),
            },
            network=None,
        )

    def _image(
        self, name: str, *, memory_mb: int, seconds: int, environment: dict[str, str], per_tenant: bool = False
    ) -> ImageFunction:
        return ImageFunction(
            self._stack,
            name.title().replace("_", ""),
            common=self._common,
            name=name,
            memory_mb=memory_mb,
            storage=Size.mebibytes(self._storage_mb),
            timeout=Duration.seconds(seconds),
            environment=environment,
            per_tenant=per_tenant,
        )
