"""The parts that integration tests stand on: Postgres for real, AWS's stores in process."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from uuid_utils import uuid7

from functions.submit.app import create_app
from local.postgres import EmbeddedPostgres
from matinee import bootstrap
from matinee.model.run import RunKind, RunTrigger, TestStatus
from matinee.model.script import Language
from matinee.model.work import Event, RunOrder, TestOrder, TestResult
from matinee.stores.keys import Keys
from matinee.stores.postgres import Database
from matinee.stores.queues import Queue
from matinee.stores.rows import NewRun, NewTest, Run
from matinee.stores.vault import make_key_file
from matinee.usecases.submit import Submission
from tests.integration.stack_fixture import stack  # noqa: F401  a fixture

PARSER = Path(__file__).parents[2] / "layers/playwright/.runtime/node_modules/@babel/parser/lib/index.js"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the schema in it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    database = Database(server.conninfo)
    database.migrate()
    database.close()
    yield server.conninfo
    server.stop()


@pytest.fixture
def database(postgres: str) -> Iterator[Database]:
    """A database with tables and nothing in them."""
    database = Database(postgres)
    with database.transaction() as connection:
        connection.execute("TRUNCATE workspaces, purges, sweeps, outages CASCADE")
    yield database
    database.close()


@dataclass
class Road:
    """Everything between a submission and its end but the worker, wired by bootstrap; tests play the worker."""

    workspace_id: str
    key: str
    _queue_url: str
    _streamed: set[tuple[str, str]] = field(default_factory=set)

    def submit(self, **more: Any) -> str:
        """Submit a script; give the run's id."""
        fields: dict[str, Any] = {
            "script": "test('a', () => {})",
            "language": None,
            "title": "Playground",
            "base_url": None,
            "timeout_seconds": 60,
            "retries": 0,
            "variables": {},
        }
        submission = Submission(**{**fields, **more})
        return bootstrap.submitter().submit(submission, workspace_id=self.workspace_id, trigger=RunTrigger.API).id

    def start_job(
        self,
        tests: int = 3,
        *,
        planned: bool = True,
        expected: Sequence[int | None] = (),
        test: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Run:
        """Make a job's run of so many tests, and unless told otherwise plan it.

        `expected`: how long each took lately, in ms; `test`: what they have in common; `more`: what the run is like.
        """
        common: dict[str, Any] = {
            "script": "test('a', () => {})",
            "language": Language.TYPESCRIPT,
            "module": False,
            "base_url": None,
            "timeout_seconds": 60,
            "retries": 0,
        }
        made = [NewTest(id=str(uuid7()), title=f"test {at}", **{**common, **(test or {})}) for at in range(tests)]
        fields: dict[str, Any] = {
            "id": str(uuid7()),
            "workspace_id": self.workspace_id,
            "kind": RunKind.JOB,
            "trigger": RunTrigger.API,
            "title": "Nightly",
            "created_at": datetime.now(UTC),
            "parallelism": 10,
        }
        run = bootstrap.runs().create(NewRun(**{**fields, **more}, tests=tuple(made)))
        with bootstrap.database().transaction() as connection:
            for each, ms in zip(made, expected, strict=False):
                connection.execute("UPDATE run_tests SET expected_ms = %s WHERE id = %s", [ms, each.id])
        if planned:
            bootstrap.planner().plan(self.workspace_id, run.id)
        return run

    def run(self, run_id: str) -> Run:
        """Give the run as Postgres has it."""
        return bootstrap.runs().get(self.workspace_id, run_id)

    def claim(
        self,
        run_id: str,
        test_id: str | None = None,
        *,
        owner: str = "worker",
        ago_s: float = 0,
        lease_s: float = 30,
    ) -> None:
        """Begin a test of the run, its one test unless told otherwise, so long ago."""
        began = round((time.time() - ago_s) * 1000)
        bootstrap.live().claim(run_id, test_id or run_id, owner=owner, now=began, lease_ms=round(lease_s * 1000))

    def finish(self, run_id: str, status: str = "passed", *, test_id: str | None = None, **more: Any) -> None:
        """Put the result of a test of the run, of its one test unless told otherwise."""
        now = round(time.time() * 1000)
        fields: dict[str, Any] = {"started_at": now - 1000, "ended_at": now, "duration_ms": 900, "report": True}
        result = TestResult(status=TestStatus(status), **{**fields, **more})
        assert bootstrap.live().put_result(run_id, test_id or run_id, result)

    def begin(self, run: Run, *numbers: int, **more: Any) -> None:
        """Begin tests of a job's run, and let the tracker know."""
        for number in numbers:
            self.claim(run.id, run.tests[number].id, **more)
        self.stream()

    def end(self, run: Run, *numbers: int, status: str = "passed", **more: Any) -> None:
        """End tests of a job's run, and let the tracker know."""
        for number in numbers:
            self.finish(run.id, status, test_id=run.tests[number].id, **more)
        self.stream()

    def statuses(self, run: Run) -> list[str]:
        """Give the statuses of a run's tests."""
        return [test.status.value for test in self.run(run.id).tests]

    def age(self, run_id: str, seconds: float) -> None:
        """Let a run have been made, sent and ended so many seconds earlier."""
        earlier = "{0} = {0} - make_interval(secs => %(seconds)s)"
        runs, tests = f"{earlier.format('created_at')}, {earlier.format('ended_at')}", earlier.format("sent_at")
        with bootstrap.database().transaction() as connection:
            for statement in (
                f"UPDATE runs SET {runs} WHERE id = %(id)s",
                f"UPDATE run_tests SET {tests} WHERE run_id = %(id)s",
            ):
                connection.execute(statement, {"seconds": seconds, "id": run_id})  # type: ignore[arg-type] # our own names

    def report(self, run_id: str) -> None:
        """Say that the run's report can be read."""
        bootstrap.live().put_report(run_id, run_id, at=round(time.time() * 1000))

    def orders(self) -> list[TestOrder]:
        """Take what lies on the queue."""
        sqs = boto3.client("sqs")
        messages = sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [TestOrder.model_validate_json(message["Body"]) for message in messages]

    def sent(self) -> list[str]:
        """Take all that lies on the queue; give the titles of the tests, in the order in which they were sent."""
        titles: list[str] = []
        while orders := self.orders():
            titles += [order.title for order in orders]
        return titles

    def schedules(self) -> dict[str, str]:
        """Give what EventBridge Scheduler has: the expressions and their zones."""
        client = boto3.client("scheduler")
        names = [each["Name"] for each in client.list_schedules(GroupName="matinee")["Schedules"]]
        found = [client.get_schedule(GroupName="matinee", Name=name) for name in names]
        return {each["ScheduleExpression"]: each["ScheduleExpressionTimezone"] for each in found}

    def plans(self) -> list[RunOrder]:
        """Take what lies on job-execution."""
        return _taken(bootstrap.job_queue())

    def merges(self) -> list[RunOrder]:
        """Take what lies on report-merge."""
        return _taken(bootstrap.report_queue())

    def images(self) -> list[dict[str, Any]]:
        """Give the records that the table's stream has got since the last time, as new images."""
        kinds = ("lease#", "result#", "report#")
        items = boto3.client("dynamodb").scan(TableName="live", ConsistentRead=True)["Items"]
        fresh = [item for item in items if self._key(item) not in self._streamed and item["sk"]["S"].startswith(kinds)]
        self._streamed.update(self._key(item) for item in fresh)
        return sorted(fresh, key=lambda item: kinds.index(item["sk"]["S"].partition("#")[0] + "#"))

    def stream(self) -> None:
        """Let the tracker have what the stream brings."""
        for image in self.images():
            bootstrap.tracker().apply(image)

    def events(self, run_id: str) -> list[Event]:
        """Give the run's log."""
        return [event for _, event in bootstrap.live().read(run_id, after=0, limit=100_000)]

    def told(self, run_id: str) -> list[str]:
        """Give the run's log in words: the statuses of `run` and `end`, otherwise just the kind."""
        return [" ".join([event.type, event.data.get("status", "")]).strip() for event in self.events(run_id)]

    def lose_aws(self) -> None:
        """Empty queue and live table, as a restart of the emulator does."""
        while self.orders():
            pass
        table = boto3.client("dynamodb")
        for item in table.scan(TableName="live")["Items"]:
            table.delete_item(TableName="live", Key={"pk": item["pk"], "sk": item["sk"]})
        bootstrap.live.forget()
        self._streamed.clear()

    @staticmethod
    def _key(item: dict[str, Any]) -> tuple[str, str]:
        return item["pk"]["S"], item["sk"]["S"]


def _taken(queue: Queue[RunOrder]) -> list[RunOrder]:
    letters = queue.receive()
    for letter in letters:
        queue.delete(letter.receipt_handle)
    return [letter.order for letter in letters if letter.order]


@pytest.fixture
def _aws_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's stand-in loses its way when several threads are at it; here one waits for the other."""
    alone, process = RLock(), BotocoreStubber.process_request

    def processed(stubber: BotocoreStubber, request: Any) -> Any:
        with alone:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", processed)


@pytest.fixture
def road(
    postgres: str, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _aws_for_threads: None
) -> Iterator[Road]:
    """The road, with a workspace and its key."""
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "LIVE_TABLE": "live",
        "ARTIFACTS_BUCKET": "artifacts",
        "DATABASE_URL": postgres,
        "MATINEE_PARSER": str(PARSER),
        "MATINEE_REPORT_ORIGINS": "https://matinee.example=https://reports.example",
        "PLAYWRIGHT_VERSION": "1.65.1",
        "MATINEE_KEY_FILE": str(tmp_path / "secrets.key"),
    }
    make_key_file(tmp_path / "secrets.key")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    bootstrap.reset()
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="test-execution")["QueueUrl"]
        monkeypatch.setenv("TEST_QUEUE_URL", url)
        monkeypatch.setenv("JOB_QUEUE_URL", sqs.create_queue(QueueName="job-execution")["QueueUrl"])
        monkeypatch.setenv("REPORT_QUEUE_URL", sqs.create_queue(QueueName="report-merge")["QueueUrl"])
        for kind, name in (("TEST", "test-execution"), ("JOB", "job-execution"), ("REPORT", "report-merge")):
            dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
            monkeypatch.setenv(f"{kind}_DEAD_QUEUE_URL", dead)
        monkeypatch.setenv("SCHEDULE_GROUP", "matinee")
        monkeypatch.setenv("SCHEDULE_TARGET_ARN", "arn:aws:lambda:eu-west-1:123456789012:function:matinee-scheduled")
        monkeypatch.setenv("SCHEDULE_ROLE_ARN", "arn:aws:iam::123456789012:role/schedules")
        boto3.client("scheduler").create_schedule_group(Name="matinee")
        boto3.client("s3").create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("dynamodb").create_table(
            TableName="live",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        keys = Keys(database)
        workspace_id = keys.ensure_workspace()
        yield Road(workspace_id, keys.create(workspace_id, "tests"), url)
    bootstrap.reset()


@pytest.fixture
def new_workspace(database: Database) -> Callable[[], str]:
    """Give what makes another workspace."""

    def make() -> str:
        workspace_id = str(uuid.uuid4())
        with database.transaction() as connection:
            connection.execute("INSERT INTO workspaces (id, name) VALUES (%s, 'Other')", [workspace_id])
        return workspace_id

    return make


@pytest.fixture
def api(road: Any, client_of: Callable[..., Any]) -> Any:
    """A client of the API, with the workspace's key."""
    return client_of(create_app(), headers={"authorization": f"Bearer {road.key}"})


@pytest.fixture
def other(api: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str]) -> Any:
    """Another workspace's client."""
    assert api
    key = bootstrap.keys().create(new_workspace(), "other")
    return client_of(create_app(), headers={"authorization": f"Bearer {key}"})
