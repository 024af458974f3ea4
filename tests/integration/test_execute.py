"""What run_test does with an order that is not simply new: held by another, cancelled, over, or over but for its report."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from matinee.model.errors import LeaseLostError, VaultUnavailableError
from matinee.model.lease import Lease
from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.script import Language
from matinee.model.work import Case, TestOrder, TestResult
from matinee.runner import slim
from matinee.runner.execution import Runner
from matinee.runner.probe import choose
from matinee.runner.report import ReportStep
from matinee.runner.told import Told, documents
from matinee.runner.warm import Place
from matinee.stores.artifacts import Artifacts
from matinee.stores.live import LiveTable
from matinee.stores.vault import FileKeys, Vault, make_key_file
from matinee.usecases.execute import Executor, TryAgainError

ORDER = TestOrder(
    workspace_id="w", run_id="r", test_id="t", title="T", language=Language.TYPESCRIPT, module=False,
    script="import { test } from '@playwright/test';\ntest('quick', async () => {});\n", timeout_seconds=60, retries=0,
)  # fmt: skip
PREFIX = "runs/w/r/tests/t/"
REPORT = "runs/w/r/report/"


@pytest.fixture
def executor(runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "t",
        "AWS_SECRET_ACCESS_KEY": "t",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    place = Place(runtime=runtime, sandbox=choose("auto", runtime=runtime), memory_bytes=1 << 30)
    runner = Runner(place)
    key = tmp_path / "secrets.key"
    make_key_file(key)
    reports = ReportStep(place)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="artifacts")
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(
            TableName="live",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Executor(
            live=LiveTable(dynamodb, table="live"),
            artifacts=Artifacts(boto3.client("s3"), bucket="artifacts"),
            runner=runner,
            reports=reports,
            vault=lambda: Vault(FileKeys(key)),
        )
    runner.close()
    reports.close()


def now() -> int:
    return time.time_ns() // 1_000_000


def no_extension(seconds: int) -> None:
    """Take the message's visibility for granted."""


def passed() -> TestResult:
    return TestResult(status=TestStatus.PASSED, started_at=now(), ended_at=now(), duration_ms=1, report=True)


def test_a_new_order_leaves_a_result_then_a_report(executor: Executor) -> None:
    """Blob, console, the report and what it refers to are in the bucket, and the live table says so."""
    executor.execute(ORDER, extend=no_extension)
    state = executor.live.states("r")["t"]

    assert state.result is not None
    assert (TestStatus.PASSED, 1) == (state.result.status, state.result.attempts)
    assert state.report_at is not None
    assert [True, True, True] == [
        executor.artifacts.exists(key) for key in (f"{PREFIX}blob.zip", f"{PREFIX}console.txt", f"{REPORT}index.html")
    ]
    results = json.loads(executor.artifacts.get_bytes(f"{REPORT}results.json"))
    (attached,) = results["suites"][0]["specs"][0]["tests"][0]["results"][0]["attachments"]
    assert ("T", "trace") == (results["suites"][0]["title"], attached["name"])
    assert executor.artifacts.exists(REPORT + attached["path"])


def test_a_jobs_test_leaves_its_blob_and_no_report(executor: Executor) -> None:
    """Its traces lie where the job's report will look for them; the report itself is merge_report's."""
    executor.execute(ORDER.model_copy(update={"kind": RunKind.JOB}), extend=no_extension)
    state = executor.live.states("r")["t"]

    assert state.result is not None
    assert (True, None) == (state.result.report, state.report_at)
    blob = slim.unpack(executor.artifacts.get_bytes(f"{PREFIX}blob.zip"))
    assert (True, ORDER.script) == (blob.good, (blob.source or b"").decode())
    (name,) = re.findall(r'"resources/([^"]+)"', blob.report.decode())
    assert [True, False] == [executor.artifacts.exists(f"{REPORT}{path}") for path in (f"data/{name}", "index.html")]


def test_a_jobs_test_that_is_over_needs_nothing_more(executor: Executor) -> None:
    """Redelivered after its result, it makes no report, though none is there."""
    order = ORDER.model_copy(update={"kind": RunKind.JOB})
    executor.live.claim("r", "t", owner="the lost one", now=now(), lease_ms=1)
    executor.live.put_result("r", "t", passed())

    executor.execute(order, extend=no_extension)

    assert executor.live.states("r")["t"].report_at is None
    assert not executor.artifacts.exists(f"{REPORT}index.html")


def test_a_run_that_is_past_its_deadline_begins_no_more_tests(executor: Executor) -> None:
    """However much time the test itself would have."""
    executor.execute(ORDER.model_copy(update={"deadline": now() - 1}), extend=no_extension)
    result = executor.live.states("r")["t"].result

    assert result is not None
    assert (TestStatus.TIMED_OUT, Reason.DEADLINE, False) == (result.status, result.reason, result.report)


def test_a_runs_deadline_ends_its_test(executor: Executor) -> None:
    """A test that would have a minute is stopped when its run has to end; what it did until then is in its report."""
    forever = "import { test } from '@playwright/test';\ntest('slow', () => new Promise(() => {}));\n"
    order = ORDER.model_copy(update={"script": forever, "deadline": now() + 4000})
    executor.execute(order, extend=no_extension)
    result = executor.live.states("r")["t"].result

    assert result is not None
    assert TestStatus.TIMED_OUT is result.status
    assert result.ended_at - result.started_at < 9000
    assert b'failures="0"' in executor.artifacts.get_bytes(f"{REPORT}junit.xml").splitlines()[0]
    assert b'errors="1"' in executor.artifacts.get_bytes(f"{REPORT}junit.xml").splitlines()[0]


def test_an_order_that_another_holds_comes_back_when_that_ones_lease_ends(executor: Executor) -> None:
    """It is not run, and its message stays invisible for as long as the other may still be at it."""
    executor.live.claim("r", "t", owner="another", now=now(), lease_ms=15_000)
    extensions: list[int] = []

    with pytest.raises(TryAgainError):
        executor.execute(ORDER, extend=extensions.append)

    assert 14 <= extensions[-1] <= 16
    assert executor.live.states("r")["t"].result is None


def test_a_lease_that_ends_right_after_the_refused_claim_is_no_cancellation(executor: Executor) -> None:
    """What nobody asked to stop comes back, however slow whoever found it held was to look."""
    claim = executor.live.claim

    def slow(*which: str, **how: Any) -> Lease:
        try:
            return claim(*which, **how)
        except LeaseLostError:
            time.sleep(0.3)
            raise

    executor.live.claim("r", "t", owner="another", now=now(), lease_ms=200)
    executor.live.claim = slow  # type: ignore[method-assign]

    with pytest.raises(TryAgainError):
        executor.execute(ORDER, extend=no_extension)
    assert executor.live.states("r")["t"].result is None


def test_an_order_that_was_cancelled_before_it_came_is_cancelled(executor: Executor) -> None:
    """Nothing runs, and the result says why."""
    executor.live.request_cancel("r", "t")
    executor.execute(ORDER, extend=no_extension)
    result = executor.live.states("r")["t"].result

    assert result is not None
    assert (TestStatus.CANCELLED, Reason.CANCELLED, False) == (result.status, result.reason, result.report)


def test_a_worker_lost_between_verdict_and_report_is_made_up_for(executor: Executor) -> None:
    """The redelivered order makes just the report, from the blob that lies in the bucket; the verdict stays."""
    told = Told(
        title="T", status=TestStatus.PASSED, started_at=now(), duration_ms=1,
        cases=(Case(title="seen before", status=TestStatus.PASSED, duration_ms=1),),
    )  # fmt: skip
    blob = slim.pack(slim.lines(documents(told)), file="script.spec.ts", source="//")
    executor.artifacts.put_bytes(f"{PREFIX}blob.zip", blob, content_type="application/zip")
    executor.live.claim("r", "t", owner="the lost one", now=now(), lease_ms=1)
    verdict = passed()
    executor.live.put_result("r", "t", verdict)

    executor.execute(ORDER, extend=no_extension)
    state = executor.live.states("r")["t"]

    assert verdict == state.result
    assert state.report_at is not None
    assert b"seen before" in executor.artifacts.get_bytes(f"{REPORT}junit.xml")


def test_a_report_that_cannot_be_made_up_for_is_called_off(executor: Executor) -> None:
    """Without a blob there will be no report, and whoever waits for one is told."""
    executor.live.claim("r", "t", owner="the lost one", now=now(), lease_ms=1)
    executor.live.put_result("r", "t", passed())

    executor.execute(ORDER, extend=no_extension)

    state = executor.live.states("r")["t"]
    assert state.lease is not None
    assert ("none", None) == (state.lease.report, state.report_at)


def test_a_test_whose_workers_were_all_lost_is_given_up(executor: Executor) -> None:
    """The fourth claim ends it as worker_lost, without running it."""
    for number in range(3):
        executor.live.claim("r", "t", owner=f"lost {number}", now=now(), lease_ms=0)
    executor.execute(ORDER, extend=no_extension)
    result = executor.live.states("r")["t"].result

    assert result is not None
    assert (TestStatus.ERROR, Reason.WORKER_LOST, 3) == (result.status, result.reason, result.attempts)


READS = """
import { test, expect } from '@playwright/test';
test('reads', async () => { expect([process.env.WHO, process.env.WHERE]).toEqual(['ada', 'here']); });
"""


def test_variables_are_decrypted_for_the_script_and_the_last_of_a_name_counts(executor: Executor) -> None:
    vault = executor.vault()
    sealed = (
        vault.seal("w", {"WHO": "grace", "WHERE": "here"}, secret=False),
        vault.seal("w", {"WHO": "ada"}, secret=False),
    )

    executor.execute(ORDER.model_copy(update={"script": READS, "variables": sealed}), extend=no_extension)

    result = executor.live.states("r")["t"].result
    assert result is not None
    assert TestStatus.PASSED is result.status, result.message


def test_variables_that_cannot_be_decrypted_end_the_test_with_a_sentence(executor: Executor, tmp_path: Path) -> None:
    """The script does not begin without them, and what helps is said."""
    sealed = executor.vault().seal("w", {"WHO": "ada"}, secret=False)
    (tmp_path / "secrets.key").unlink()

    executor.execute(ORDER.model_copy(update={"variables": (sealed,)}), extend=no_extension)

    result = executor.live.states("r")["t"].result
    assert result is not None
    assert (TestStatus.ERROR, Reason.VARIABLES_UNREADABLE) == (result.status, result.reason)
    assert "secrets.key, cannot be read (No such file or directory). Put it back from a backup" in (
        result.message or ""
    )


def test_a_key_that_does_not_answer_is_asked_again(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing about the test, whose message comes back."""
    vault = executor.vault()
    order = ORDER.model_copy(
        update={"script": READS, "variables": (vault.seal("w", {"WHO": "ada", "WHERE": "here"}, secret=False),)}
    )

    def away(*_: object) -> bytes:
        raise VaultUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(FileKeys, "unwrap", away)
        with pytest.raises(TryAgainError):
            executor.execute(order, extend=no_extension)
    executor.execute(order, extend=no_extension)

    result = executor.live.states("r")["t"].result
    assert result is not None
    assert (TestStatus.PASSED, 2) == (result.status, result.attempts)


def test_a_key_that_never_answers_is_what_the_test_ends_for(
    executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last attempt says so; no worker was lost."""
    order = ORDER.model_copy(update={"variables": (executor.vault().seal("w", {"WHO": "ada"}, secret=False),)})

    def away(*_: object) -> bytes:
        raise VaultUnavailableError

    monkeypatch.setattr(FileKeys, "unwrap", away)
    for _ in range(2):
        with pytest.raises(TryAgainError):
            executor.execute(order, extend=no_extension)
    executor.execute(order, extend=no_extension)

    result = executor.live.states("r")["t"].result
    assert result is not None
    assert (TestStatus.ERROR, Reason.VARIABLES_UNREADABLE, 3) == (result.status, result.reason, result.attempts)
    assert "does not answer" in (result.message or "")
