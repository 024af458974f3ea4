"""The reading side on its real stores: embedded Postgres, the emulator, uvicorn on a loopback port."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import uvicorn
from starlette.types import ASGIApp
from uuid_utils import uuid7

from local.emulator import Emulator
from matinee import bootstrap
from matinee.model.run import Reason, RunKind, RunTrigger, TestStatus
from matinee.model.script import Language
from matinee.model.work import Case, TestResult
from matinee.stores.live import LiveTable
from matinee.stores.rows import NewRun, NewTest, Run, to_ms
from matinee.stores.vault import make_key_file
from tests.integration.reading.cli_server import key, server  # noqa: F401  fixtures

TITLE = "shop"
PARSER = Path(__file__).parents[3] / "layers/playwright/.runtime/node_modules/@babel/parser/lib/index.js"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run the emulator, and nothing that takes its events."""
    home = tmp_path_factory.mktemp("stores")
    emulator = Emulator(home / "aws", log=home / "aws.log", proxies={})
    try:
        emulator.launch()
        emulator.wait()
        yield emulator
    finally:
        emulator.close()


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> boto3.Session:
    """The session of whoever asks boto3 for a client; without it, that of a test before has that one's access key."""
    return emulator.session


@pytest.fixture(scope="session")
def stores(postgres: str, emulator: Emulator, aws: boto3.Session) -> dict[str, str]:
    """Make a live table, a bucket and queues; give the environment that names all stores."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", aws)
        queue_urls = _make_resources()
    return {
        **emulator.environment,
        "DATABASE_URL": postgres,
        **queue_urls,
        "MATINEE_PARSER": str(PARSER),
        "LIVE_TABLE": "live",
        "ARTIFACTS_BUCKET": "artifacts",
        "PLAYWRIGHT_VERSION": "1.65.1",
        "MATINEE_REPORT_ORIGINS": "https://matinee.example=https://reports.example",
        "SCHEDULE_GROUP": "matinee",
        "SCHEDULE_TARGET_ARN": "arn:aws:lambda:us-east-1:000000000000:function:matinee-scheduled",
        "SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/schedules",
    }


def _make_resources() -> dict[str, str]:
    boto3.client("s3").create_bucket(Bucket="artifacts")
    boto3.client("scheduler").create_schedule_group(Name="matinee")
    boto3.client("dynamodb").create_table(
        TableName="live",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    sqs = boto3.client("sqs")
    names = {"TEST": "test-execution", "JOB": "job-execution", "REPORT": "report-merge"}
    return {f"{kind}_QUEUE_URL": sqs.create_queue(QueueName=name)["QueueUrl"] for kind, name in names.items()}


@pytest.fixture(autouse=True)
def wired(
    stores: dict[str, str], aws: boto3.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """Wire this process to the stores, as a function's environment would."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", aws)
    for name, value in stores.items():
        monkeypatch.setenv(name, value)
    make_key_file(tmp_path / "secrets.key")
    monkeypatch.setenv("MATINEE_KEY_FILE", str(tmp_path / "secrets.key"))
    bootstrap.reset()
    yield
    bootstrap.reset()


@dataclass(frozen=True)
class World:
    """A workspace with a key and a run in it, and the ways to make things happen to the run."""

    workspace_id: str
    key: str
    run: Run

    @property
    def live(self) -> LiveTable:
        """The live table."""
        return bootstrap.live()

    @property
    def authorization(self) -> dict[str, str]:
        """The header that opens everything in the workspace."""
        return {"Authorization": f"Bearer {self.key}"}

    def ticket(self) -> str:
        """A ticket for the run."""
        by = bootstrap.keys().principal_of(self.key)
        assert by is not None
        return bootstrap.keys().issue_ticket(by, self.run.id, seconds=60).ticket

    def finish(self, status: TestStatus = TestStatus.PASSED, *, report: bool = True, said: bool = True) -> Run:
        """Let the run begin and end in Postgres; `said`: and its events be complete."""
        at = datetime.now(UTC)
        bootstrap.tracking().mark_running(self.run.id, self.run.id, at=at)
        result = TestResult(
            status=status,
            reason=Reason.NO_TESTS if status is TestStatus.ERROR else None,
            message="It went wrong." if status is TestStatus.ERROR else None,
            started_at=to_ms(at),
            ended_at=to_ms(at) + 1200,
            duration_ms=1200,
            cases=(Case(title="adds to the cart", status=TestStatus.PASSED, duration_ms=700),),
            report=report,
        )
        bootstrap.tracking().finish_test(self.run.id, self.run.id, result)
        if report:
            bootstrap.tracking().mark_report(self.run.id, at=at)
        if said:
            bootstrap.tracking().mark_end_said(self.run.id, at=at)
        return bootstrap.runs().get(self.workspace_id, self.run.id)


@pytest.fixture
def new_world() -> Callable[[], World]:
    """Make another run, in the same workspace."""

    def make() -> World:
        workspace_id = bootstrap.keys().ensure_workspace()
        run_id = str(uuid7())
        test = NewTest(
            id=run_id,
            title=TITLE,
            script="//",
            language=Language.TYPESCRIPT,
            module=False,
            base_url=None,
            timeout_seconds=60,
            retries=0,
        )
        new = NewRun(
            id=run_id,
            workspace_id=workspace_id,
            kind=RunKind.TEST,
            trigger=RunTrigger.API,
            title=TITLE,
            created_at=datetime.now(UTC),
            tests=(test,),
        )
        return World(workspace_id, bootstrap.keys().create(workspace_id, "test"), bootstrap.runs().create(new))

    return make


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """A run that is queued."""
    return new_world()


@contextmanager
def _serving(app: ASGIApp) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], str]]:
    """Serve an app on a loopback port until the test ends; give its URL."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(_serving(app))
