"""What becomes of a job's blobs: one report, its tests in their order under their titles, its traces where they were."""

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import pytest
from moto import mock_aws

from matinee.model.errors import NotFoundError
from matinee.model.run import RunKind, TestStatus
from matinee.model.script import Language
from matinee.model.work import RunOrder, TestOrder
from matinee.runner import slim
from matinee.runner.execution import Runner
from matinee.runner.probe import choose
from matinee.runner.report import ReportStep
from matinee.runner.told import Told, documents
from matinee.runner.warm import Place
from matinee.stores.artifacts import Artifacts
from matinee.stores.live import LiveTable
from matinee.stores.vault import FileKeys, Vault
from matinee.usecases.execute import Executor
from matinee.usecases.merge import Merger, ReportFailedError

HEAD = "import { test, expect } from '@playwright/test';\n"
#: title, script; in the job's order
SCRIPTS = [
    ("Zebra: skips", HEAD + "test('runs', () => {});\ntest('later', () => { test.skip(true, 'not on Tuesdays'); });\n"),
    ("Shop/Cart", HEAD + "test.describe('cart', () => {\n  test('pays', () => { expect(12).toBe(13); });\n  test('adds', () => {});\n});\n"),
    ("Same", HEAD + "test('one', async ({}, info) => {\n  await info.attach('note', { body: 'plain' });\n"
     "  await info.attach('dot.png', { body: Buffer.from([1, 2, 3]), contentType: 'image/png' });\n});\n"),
    ("Same", HEAD + "test('one', async ({}, info) => {\n  expect(info.retry).toBe(1);\n});\n"),
    ("Unfinished", HEAD + "test('first', () => {});\ntest('waits', () => new Promise(() => {}));\n"),
    ("Broken", HEAD + "test('never', () => { const x = ; });\n"),
]  # fmt: skip
ORDER = RunOrder(workspace_id="w", run_id="r")
REPORT = "runs/w/r/report/"


@pytest.fixture(scope="module")
def place(runtime: Path) -> Place:
    return Place(runtime=runtime, sandbox=choose("auto", runtime=runtime), memory_bytes=1 << 30)


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "t")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        with mock_aws():
            boto3.client("s3").create_bucket(Bucket="artifacts")
            boto3.client("dynamodb").create_table(
                TableName="live",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            yield


@pytest.fixture(scope="module")
def merger(aws: None, place: Place) -> Iterator[Merger]:  # noqa: ARG001
    reports = ReportStep(place)
    yield Merger(
        live=LiveTable(boto3.client("dynamodb"), table="live"),
        artifacts=Artifacts(boto3.client("s3"), bucket="artifacts"),
        reports=reports,
    )
    reports.close()


@pytest.fixture(scope="module")
def job(merger: Merger, place: Place) -> list[dict[str, Any]]:
    """A job's run that is over but for its report: what was run left its blobs, the rest is in the manifest alone."""
    runner = Runner(place)
    executor = Executor(
        live=merger.live,
        artifacts=merger.artifacts,
        runner=runner,
        reports=merger.reports,
        vault=lambda: Vault(FileKeys(Path("/nowhere"))),
    )
    tests: list[dict[str, Any]] = []
    for number, (title, script) in enumerate(SCRIPTS):
        order = TestOrder(
            workspace_id="w", run_id="r", test_id=f"t{number}", title=title, language=Language.TYPESCRIPT, module=False, script=script,
            timeout_seconds=4 if title == "Unfinished" else 30, retries=1 if number == 3 else 0, kind=RunKind.JOB,
        )  # fmt: skip
        executor.execute(order, extend=lambda _: None)
        result = merger.live.states("r")[order.test_id].result
        assert result is not None
        outcome = {
            "status": result.status,
            "message": result.message,
            "startedAt": result.started_at,
            "durationMs": result.duration_ms,
        }
        tests.append(
            {
                "id": order.test_id,
                "title": title,
                **{name: value for name, value in outcome.items() if value is not None},
            }
        )
    runner.close()
    tests += [
        {"id": "t6", "title": "Lost", "status": "error", "reason": "worker_lost", "message": "It disappeared.", "startedAt": now()},
        {"id": "t7", "title": "Not begun", "status": "skipped", "reason": "stopped_early", "message": "Enough had failed."},
        {"id": "t8", "title": "Called off", "status": "cancelled", "message": "Somebody cancelled the run."},
    ]  # fmt: skip
    put_manifest(merger, "r", tests)
    merger.merge(ORDER)
    return tests


def put_manifest(merger: Merger, run_id: str, tests: list[dict[str, Any]]) -> None:
    manifest = json.dumps({"title": "Nightly", "tests": tests}).encode()
    merger.artifacts.put_bytes(f"runs/w/{run_id}/manifest.json", manifest, content_type="application/json")


def now() -> int:
    return time.time_ns() // 1_000_000


def html(merger: Merger, report: str = REPORT) -> dict[str, Any]:
    """Read the data that the HTML report carries, `report.json` and one file for each test's details."""
    page = merger.artifacts.get_bytes(f"{report}index.html").decode()
    found = re.search(r'<template id="playwrightReportBase64">data:application/zip;base64,([^<]+)', page)
    assert found
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def junit(merger: Merger, report: str = REPORT) -> ET.Element:
    return ET.fromstring(merger.artifacts.get_bytes(f"{report}junit.xml"))


def attached(merger: Merger) -> list[str]:
    results = json.loads(merger.artifacts.get_bytes(f"{REPORT}results.json"))
    return list(re.findall(r'"path": "([^"]+)"', json.dumps(results)))


NAMES = ["Zebra: skips", "Shop/Cart", "Same", "Same (2)", "Unfinished", "Broken", "Lost", "Not begun", "Called off"]


@pytest.mark.usefixtures("job")
def test_tests_stand_in_the_jobs_order_under_their_titles(merger: Merger) -> None:
    """In all three reports; where two have the same title, the second has a number."""
    results = json.loads(merger.artifacts.get_bytes(f"{REPORT}results.json"))
    report = html(merger)["report.json"]

    assert ("Nightly", NAMES) == (report["options"]["title"], [file["fileName"] for file in report["files"]])
    assert NAMES == [suite["title"] for suite in results["suites"]]
    assert NAMES == [suite.attrib["name"] for suite in junit(merger)]
    assert {"unexpected": 4, "flaky": 1, "skipped": 3, "expected": 4}.items() <= report["stats"].items()


@pytest.mark.usefixtures("job")
def test_each_test_counts_as_what_it_came_to(merger: Merger) -> None:
    """A failure is one, an error is one, a flaky one passed, and what never ran was skipped, with the reason."""
    whole = junit(merger)
    outline = {
        suite.attrib["name"]: [suite.attrib[count] for count in ("tests", "failures", "errors", "skipped")]
        for suite in whole
    }

    assert {
        "Zebra: skips": ["2", "0", "0", "1"],
        "Shop/Cart": ["2", "1", "0", "0"],
        "Same": ["1", "0", "0", "0"],
        "Same (2)": ["1", "0", "0", "0"],
        "Unfinished": ["2", "0", "1", "0"],
        "Broken": ["1", "0", "1", "0"],
        "Lost": ["1", "0", "1", "0"],
        "Not begun": ["1", "0", "0", "1"],
        "Called off": ["1", "0", "0", "1"],
    } == outline
    assert ["12", "1", "3", "3"] == [whole.attrib[count] for count in ("tests", "failures", "errors", "skipped")]
    said = {case.attrib["classname"]: case for case in whole.iter("testcase")}
    assert "It disappeared." == said["Lost"][0].attrib["message"]
    assert "Enough had failed." == said["Not begun"].find("properties")[0].attrib["value"]  # type: ignore[index]
    assert "Unexpected token" in said["Broken"][0].attrib["message"]


@pytest.mark.usefixtures("job")
def test_attachments_are_where_their_tests_put_them(merger: Merger) -> None:
    """The merge never saw them: what the report names is there, and nothing was stored twice."""
    paths = attached(merger)
    traces = [path for path in paths if path.endswith(".zip")]

    assert len(traces) >= 8
    assert all(re.fullmatch(r"data/[0-9a-f]{40}\.\w+", path) for path in paths)
    assert all(merger.artifacts.exists(REPORT + path) for path in paths)


@pytest.mark.usefixtures("job")
def test_a_failure_shows_the_lines_of_its_script(merger: Merger) -> None:
    """The step and the error, under the test's own name, though the script lies nowhere on this machine."""
    (result,) = details(merger, "Shop/Cart", "pays")["results"]

    assert "expect(12).toBe(13)" in result["errors"][0]["codeframe"]
    failed = next(step for step in result["steps"] if step.get("error"))
    assert ("Shop/Cart", 3) == (failed["location"]["file"], failed["location"]["line"])
    assert "expect(12).toBe(13)" in failed["snippet"]
    assert "at Shop/Cart:3" in result["errors"][0]["message"]
    assert "Broken" in details(merger, "Broken", "Broken")["results"][0]["errors"][0]["message"]


@pytest.mark.usefixtures("job")
def test_a_retried_test_shows_its_attempts(merger: Merger) -> None:
    assert ["failed", "passed"] == [result["status"] for result in details(merger, "Same (2)", "one")["results"]]


@pytest.mark.usefixtures("job")
def test_what_was_attached_as_a_body_is_there(merger: Merger) -> None:
    """Text within the page, bytes as a file of the report."""
    (result,) = details(merger, "Same", "one")["results"]
    found = {attachment["name"]: attachment for attachment in result["attachments"]}

    assert "plain" == found["note"]["body"]
    assert b"\1\2\3" == merger.artifacts.get_bytes(REPORT + found["dot.png"]["path"])


def details(merger: Merger, name: str, title: str) -> dict[str, Any]:
    """What the HTML report has on one `test(...)`."""
    files = html(merger)
    file_id = next(file["fileId"] for file in files["report.json"]["files"] if file["fileName"] == name)
    return next(test for test in files[f"{file_id}.json"]["tests"] if test["title"] == title)


@pytest.mark.usefixtures("job")
def test_ids_are_unique_though_scripts_are_alike(merger: Merger) -> None:
    """The two that share script name and title are two; a link to one does not open the other."""
    tests = [test["testId"] for file in html(merger)["report.json"]["files"] for test in file["tests"]]

    assert len(tests) == len(set(tests)) == 12


def test_the_run_has_its_report_and_a_second_order_costs_nothing(merger: Merger, job: list[dict[str, Any]]) -> None:
    """SQS delivers at least once, and sweep asks again while orders wait: what is made is not made once more."""
    first = merger.live.states("r")["r"].report_at
    index = {"Bucket": "artifacts", "Key": f"{REPORT}index.html"}
    before = boto3.client("s3").head_object(**index)["ETag"]

    merger.merge(ORDER)

    assert first is not None
    assert first == merger.live.states("r")["r"].report_at
    assert before == boto3.client("s3").head_object(**index)["ETag"]
    assert len(job) == len(html(merger)["report.json"]["files"])


def test_a_report_whose_maker_died_before_it_said_so_is_said_to_be_there(merger: Merger) -> None:
    """It was written whole, its first page last; the next order finds it."""
    boto3.client("s3").put_object(Bucket="artifacts", Key="runs/w/silent/report/index.html", Body=b"<h1>made</h1>")

    merger.merge(RunOrder(workspace_id="w", run_id="silent"))

    assert merger.live.states("silent")["silent"].report_at is not None


def test_an_order_without_a_manifest_comes_back(merger: Merger) -> None:
    """It will be there soon, or never; nobody is told that there is no report."""
    with pytest.raises(NotFoundError):
        merger.merge(RunOrder(workspace_id="w", run_id="unknown"))

    assert {} == merger.live.states("unknown")


def slim_blob(title: str, **spoil: Any) -> bytes:
    """A blob of one test that passed, with an event of it spoilt."""
    made = documents(Told(title=title, status=TestStatus.PASSED, started_at=now(), duration_ms=5))
    made[4]["params"]["result"] |= spoil
    return slim.pack(slim.lines(made), file="script.spec.ts", source="//")


def test_a_blob_that_no_merge_survives_does_not_cost_the_others_their_report(merger: Merger) -> None:
    """Every test is in it, with what is known of it."""
    tests = [
        {"id": name, "title": name, "status": "passed", "startedAt": now(), "durationMs": 5} for name in ("good", "bad")
    ]
    put_manifest(merger, "spoilt", tests)
    for name, blob in (("good", slim_blob("good")), ("bad", slim_blob("bad", startTime="yesterday"))):
        merger.artifacts.put_bytes(f"runs/w/spoilt/tests/{name}/blob.zip", blob, content_type="application/zip")

    merger.merge(RunOrder(workspace_id="w", run_id="spoilt"))

    assert ["good", "bad"] == [suite.attrib["name"] for suite in junit(merger, "runs/w/spoilt/report/")]


@pytest.mark.parametrize("blob", [b"no zip", slim_blob("passed")])
def test_a_blob_that_is_damaged_or_of_another_mind_gives_way_to_the_verdict(merger: Merger, blob: bytes) -> None:
    """A worker that was lost behind its upload left a blob that passed; the run says that it was lost."""
    put_manifest(merger, "late", [{"id": "t", "title": "late", "status": "error", "message": "It disappeared."}])
    merger.artifacts.put_bytes("runs/w/late/tests/t/blob.zip", blob, content_type="application/zip")

    merger.merge(RunOrder(workspace_id="w", run_id="late"))

    assert "1" == junit(merger, "runs/w/late/report/").attrib["errors"]


def test_a_merge_that_cannot_work_is_tried_again(merger: Merger, runtime: Path, tmp_path: Path) -> None:
    """Its order comes back, and nobody is told that there is no report."""
    bare = tmp_path / "runtime"
    (bare / "runner").mkdir(parents=True)
    (bare / "bin").symlink_to(runtime / "bin")
    reports = ReportStep(Place(runtime=bare, sandbox=choose("none", runtime=runtime), memory_bytes=1 << 30))
    put_manifest(merger, "hopeless", [{"id": "t", "title": "t", "status": "passed"}])

    with pytest.raises(ReportFailedError):
        Merger(live=merger.live, artifacts=merger.artifacts, reports=reports).merge(
            RunOrder(workspace_id="w", run_id="hopeless")
        )

    assert {} == merger.live.states("hopeless")


def test_a_report_reads_nothing_of_the_machine(merger: Merger, tmp_path: Path) -> None:
    """A step may claim to stand in any file; its lines do not get into the report."""
    secret = tmp_path / "secret"
    secret.write_text("one\nthe secret line\nthree\n")
    made = documents(Told(title="spy", status=TestStatus.PASSED, started_at=now(), duration_ms=5))
    begun = made[4]["params"]
    for file in (f"../../../../../../..{secret}", "../run.json", "../../run.json"):
        step = {
            "id": file,
            "title": file,
            "category": "test.step",
            "startTime": now(),
            "location": {"file": file, "line": 2, "column": 1},
        }
        ended = {"id": file, "duration": 1}
        names = {"testId": begun["testId"], "resultId": begun["result"]["id"]}
        made[5:5] = [
            {"method": "onStepBegin", "params": {**names, "step": step}},
            {"method": "onAttach", "params": {**names, "attachments": [{"name": "file", "contentType": "text/plain", "path": file}]}},
            {"method": "onStepEnd", "params": {**names, "step": ended}},
        ]  # fmt: skip
    put_manifest(merger, "spy", [{"id": "t", "title": "spy", "status": "passed"}])
    blob = slim.pack(slim.lines(made), file="script.spec.ts", source="// ours\n// ours\n// ours\n")
    merger.artifacts.put_bytes("runs/w/spy/tests/t/blob.zip", blob, content_type="application/zip")

    merger.merge(RunOrder(workspace_id="w", run_id="spy"))

    files = html(merger, "runs/w/spy/report/")
    (steps,) = [test["results"][0]["steps"] for name in files if name != "report.json" for test in files[name]["tests"]]
    assert 3 == len(steps)
    assert not any("snippet" in step for step in steps)
    assert "secret line" not in json.dumps(files)
