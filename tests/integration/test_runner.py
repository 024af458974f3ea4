"""The runner on real scripts: every way to misbehave ends as what it is, and nothing of it is left."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from matinee.model.run import Reason, TestStatus
from matinee.model.script import Language
from matinee.model.variables import Given
from matinee.model.work import Event, TestOrder
from matinee.runner import slim
from matinee.runner.execution import Execution, Runner
from matinee.runner.probe import choose
from matinee.runner.report import Part, ReportStep
from matinee.runner.stop import Stop
from matinee.runner.told import Told
from matinee.runner.warm import Place
from tests.integration.procfs import processes

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).with_name("scripts")
DEADLINE = 10.0  # seconds, for scripts that never end by themselves

Run = Callable[..., Execution]
ReportOf = Callable[[Execution], ET.Element]


@pytest.fixture(scope="module")
def place(runtime: Path) -> Place:
    return Place(runtime=runtime, sandbox=choose("auto", runtime=runtime), memory_bytes=1 << 30)


@pytest.fixture(scope="module")
def runner(place: Place) -> Iterator[Runner]:
    runner = Runner(place)
    yield runner
    runner.close()


@pytest.fixture
def run(runner: Runner) -> Iterator[Run]:
    """Execute a script, and remove its files at the end of the test."""
    ended: list[Execution] = []

    def run(
        script: str,
        *,
        seconds: float = 40,
        stop: Stop | None = None,
        on_event: Callable[[Event], None] | None = None,
        variables: dict[str, str] | None = None,
        **order: object,
    ) -> Execution:
        told = TestOrder.model_validate(
            {
                "workspace_id": "w", "run_id": "r", "test_id": "t", "title": "T", "language": Language.TYPESCRIPT, "module": False,
                "script": script, "timeout_seconds": 40, "retries": 0, **order,
            }
        )  # fmt: skip
        execution = runner.execute(
            told,
            script,
            given=Given(variables or {}),
            seconds=seconds,
            stop=stop or Stop(),
            on_event=on_event or (lambda _: None),
        )
        ended.append(execution)
        return execution

    yield run
    for execution in ended:
        execution.close()


@pytest.fixture
def report_of(place: Place, tmp_path: Path) -> ReportOf:
    """Make the report of an execution; give its junit.xml."""

    def make(execution: Execution) -> ET.Element:
        verdict = execution.verdict
        told = Told(
            title="T",
            status=verdict.status,
            message=verdict.message,
            cases=execution.cases,
            started_at=0,
            duration_ms=0,
        )
        blob = slim.pack(slim.split(execution.blob, told, into=tmp_path), file="script.spec.ts", source="")
        with ReportStep(place).making("T", [Part(told, blob)]) as made:
            folder = made()
            assert folder is not None
            return ET.fromstring((folder / "junit.xml").read_bytes())

    return make


#: script, its deadline in seconds, and what it must come to
ROWS = [
    ("passing", 40, TestStatus.PASSED, None),
    ("failing", 40, TestStatus.FAILED, None),
    ("flaky", 40, TestStatus.FLAKY, None),
    ("only", 40, TestStatus.PASSED, None),
    ("all-skipped", 40, TestStatus.SKIPPED, None),
    ("kills-browser", 40, TestStatus.ERROR, Reason.BROWSER_CRASHED),
    ("closes-browser", 40, TestStatus.FAILED, None),
    ("no-tests", 40, TestStatus.ERROR, Reason.NO_TESTS),
    ("syntax-error", 40, TestStatus.ERROR, Reason.SCRIPT_INVALID),
    ("missing-module", 40, TestStatus.ERROR, Reason.SCRIPT_INVALID),
    ("throws-at-load", 40, TestStatus.ERROR, Reason.SCRIPT_INVALID),
    ("rejects-at-load", 40, TestStatus.ERROR, Reason.SCRIPT_INVALID),
    ("rejects-in-test", 40, TestStatus.FAILED, None),
    ("exits-at-load", 40, TestStatus.ERROR, Reason.NO_REPORT),
    ("exits-in-test", 40, TestStatus.FAILED, None),
    ("kills-parent", 40, TestStatus.ERROR, Reason.NO_REPORT),
    ("kills-everyone", 40, TestStatus.ERROR, Reason.NO_REPORT),
    ("loops-at-load", DEADLINE, TestStatus.TIMED_OUT, Reason.DEADLINE),
    ("loops-in-test", DEADLINE, TestStatus.TIMED_OUT, Reason.DEADLINE),
    ("awaits-forever", 2 * DEADLINE, TestStatus.TIMED_OUT, Reason.TEST_TIMEOUT),
    ("prints-40-mb", 40, TestStatus.PASSED, None),
    ("child-prints-40-mb", 40, TestStatus.PASSED, None),
    ("eats-heap", 40, TestStatus.ERROR, Reason.OUT_OF_MEMORY),
    ("eats-buffers", 40, TestStatus.ERROR, Reason.OUT_OF_MEMORY),
    ("fork-bomb", 40, TestStatus.PASSED, None),
    ("daemon", 40, TestStatus.PASSED, None),
    ("writes-outside", 40, TestStatus.PASSED, None),
]


#: Rows that would hit the person at the keyboard where there is no sandbox.
NEED_A_SANDBOX = {"kills-everyone", "fork-bomb", "writes-outside"}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_script_ends_as_what_it_is(
    row: tuple[str, float, TestStatus, Reason | None], run: Run, report_of: ReportOf, place: Place
) -> None:
    """Each script gets its verdict within its deadline and 5 s, has a report that agrees, and leaves no process and no file."""
    name, seconds, status, reason = row
    if name in NEED_A_SANDBOX and place.sandbox.kind != "bubblewrap":
        pytest.skip("this machine allows no namespaces, so the script would not be contained")
    began = time.monotonic()
    execution = run((SCRIPTS / f"{name}.spec.ts").read_text(), seconds=seconds, retries=1 if name == "flaky" else 0)
    took = time.monotonic() - began
    report = report_of(execution)
    folder = execution.warm.folder
    execution.close()

    assert (status, reason) == (execution.verdict.status, execution.verdict.reason), execution.verdict.message
    assert took < seconds + 5
    bad = {count: report.attrib[count] for count in ("failures", "errors")} != {"failures": "0", "errors": "0"}
    assert bad is (status not in {TestStatus.PASSED, TestStatus.FLAKY, TestStatus.SKIPPED})
    assert processes(str(folder)) == []
    assert processes("sleep 98765") == []
    assert not folder.exists()
    assert not Path("/tmp/matinee-was-here").exists()


def test_the_console_is_drained_to_its_end_and_kept_up_to_its_limit(run: Run) -> None:
    """40 MB of output neither stop the run nor fill the store: about 1 MB and a note are kept."""
    execution = run((SCRIPTS / "prints-40-mb.spec.ts").read_text())

    assert 1_000_000 <= len(execution.console) < 1_001_000
    assert b"the rest was dropped" in execution.console
    assert execution.blob is not None
    assert execution.blob.stat().st_size < 2_000_000


def test_a_script_sees_no_secret_of_its_surroundings(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its ancestors' environments, nor a state folder, nor the key in it can be read by a script."""
    monkeypatch.setenv("MATINEE_SECRET_PROBE", "hunter2-environment")
    key = tmp_path / "api-key"
    key.write_text("hunter2-file")
    script = (SCRIPTS / "spies.spec.ts").read_text().replace("STATE_FOLDER", str(tmp_path))

    execution = run(script)

    assert execution.verdict.status == TestStatus.PASSED, execution.verdict.message
    assert b"looked at" in execution.console
    assert b"hunter2" not in execution.console


def test_variables_and_the_base_url_reach_the_script(run: Run) -> None:
    """A run's variables are in process.env of runner and worker, and its baseUrl is Playwright's baseURL."""
    script = """
      import { test, expect } from '@playwright/test';
      const atLoad = process.env.WHO;
      test('sees', async ({ baseURL }) => { expect([atLoad, process.env.WHO, baseURL]).toEqual(['me', 'me', 'http://localhost:1/x']); });
    """
    execution = run(script, variables={"WHO": "me"}, base_url="http://localhost:1/x")

    assert execution.verdict.status == TestStatus.PASSED, execution.verdict.message


def test_a_module_script_runs_with_top_level_await(run: Run) -> None:
    """Top-level await and import.meta work where the order says that the script is a module."""
    script = """
      import { test, expect } from '@playwright/test';
      const two = await Promise.resolve(2);
      test('sees', () => { expect([two, typeof import.meta.url]).toEqual([2, 'string']); });
    """
    execution = run(script, module=True)

    assert execution.verdict.status == TestStatus.PASSED, execution.verdict.message


def test_cancelling_stops_a_script_at_once_and_keeps_what_there_is(run: Run, report_of: ReportOf) -> None:
    """A cancelled run ends within seconds, with its console, its partial report, and every test that ended as it ended."""
    stop = Stop()
    asked: list[float] = []

    def cancel(event: Event) -> None:
        if event.type == "console" and not asked:
            asked.append(time.monotonic())
            stop.ask("cancelled")

    execution = run((SCRIPTS / "one-then-forever.spec.ts").read_text(), stop=stop, on_event=cancel)
    took = time.monotonic() - asked[0]

    assert (execution.verdict.status, execution.verdict.reason) == (TestStatus.CANCELLED, Reason.CANCELLED)
    assert took < 4  # under 2 s on a machine that does nothing else
    assert [case.status for case in execution.cases] == [TestStatus.PASSED, TestStatus.CANCELLED]
    assert b"waiting" in execution.console
    assert ["2", "1"] == [report_of(execution).attrib[count] for count in ("tests", "skipped")]


def test_a_lost_worker_takes_its_script_along(runtime: Path) -> None:
    """When a worker is killed with kill -9 in the middle of a run, no process of the script survives it."""
    worker = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("doomed_worker.py")), str(runtime)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    folder = worker.stdout.readline().strip()
    assert worker.stdout.readline().strip() == "running"
    assert processes(folder)

    worker.kill()
    worker.wait()
    worker.stdout.close()
    deadline = time.monotonic() + 5
    while processes(folder) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert processes(folder) == []
    [whole] = [one for one in (Path(folder), *Path(folder).parents) if one.name.startswith("matinee-run-")]
    subprocess.run(["rm", "-rf", str(whole)], check=True)


def test_every_test_of_a_script_is_told_as_it_happens(run: Run) -> None:
    """Live events: a test begins before its steps, ends after them, and carries title, status and duration."""
    events: list[Event] = []
    run((SCRIPTS / "passing.spec.ts").read_text(), on_event=events.append)

    told = [(event.type, event.data.get("status")) for event in events if event.type in {"test", "step"}]
    assert told[0] == ("test", "running")
    assert told[-1] == ("test", "passed")
    assert ("step", "passed") in told
    last = [event for event in events if event.type == "test"][-1]
    assert "group › says hello" == last.data["title"]
    assert last.data["durationMs"] > 0


def test_a_host_whose_starter_has_died_begins_nothing(runtime: Path, tmp_path: Path) -> None:
    """It may outlive a sandbox that was killed in the moment of its start; its stdin has ended then."""
    gone = tmp_path / "gone"
    host = subprocess.run(
        [runtime / "bin" / "node", runtime / "runner" / "host.cjs"],
        input=b"",
        env={"HOME": str(gone), "TMPDIR": str(tmp_path), "PWTEST_CACHE_DIR": str(gone / "compiled")},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (0, False) == (host.returncode, gone.exists()), host.stderr.decode()
