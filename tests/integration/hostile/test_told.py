"""What a script tells of itself, through our pipe, its console, its titles and its blob, is bounded, and breaks nothing that it gets into."""

import base64
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from matinee.cli.progress import Progress
from matinee.cli.verdict import told as cli_verdict
from matinee.http.sse import frame
from matinee.model.run import Reason, TestStatus
from matinee.model.work import Event, TestResult
from matinee.runner import slim
from matinee.runner.execution import Execution
from matinee.runner.progress import MOST_STEPS, MOST_TESTS
from matinee.runner.report import Part, ReportStep
from matinee.runner.told import Told
from matinee.runner.warm import Place
from matinee.stores.live_items import pack_batches
from tests.integration.hostile.conftest import HEAD, Run

FS = "import fs from 'node:fs';\n"
#: Writes lines to the descriptor that our reporter has, from the top of a script, which runs in the same process.
SAYS = """
function says(lines: string) {
  if (process.env.TEST_WORKER_INDEX)
    return; // there it is the runner's
  for (let rest = Buffer.from(lines); rest.length;)
    try { rest = rest.subarray(fs.writeSync(3, rest)); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
}
"""


def result_of(done: Execution) -> TestResult:
    """The result that run_test would write."""
    return TestResult(
        status=done.verdict.status, reason=done.verdict.reason, message=done.verdict.message, started_at=0, ended_at=0,
        duration_ms=0, cases=done.cases, report=True,
    )  # fmt: skip


def test_a_million_events_are_not_a_million(run: Run) -> None:
    """The script passes, whoever watches sees the first few thousand, and the worker is done with the rest in its stride."""
    events: list[Event] = []
    script = f"""
      {HEAD}{FS}{SAYS}
      const step = JSON.stringify({{ at: 1, type: 'stepBegin', caseId: 'c', stepId: 's', title: 'forged', category: 'pw:api' }}) + '\\n';
      const block = step.repeat(10_000);
      for (let n = 0; n < 100; n++)
        says(block);
      test('passes', async () => {{}});
    """
    done = run(script, on_event=events.append, seconds=60)
    kinds = Counter(event.type for event in events)

    assert TestStatus.PASSED == done.verdict.status, done.verdict.message
    assert MOST_STEPS == kinds["step"]
    assert 2 == kinds["test"]
    assert MOST_STEPS + 10 > len(events)


def test_a_hundred_thousand_tests_have_a_result_that_fits(run: Run) -> None:
    """Of what DynamoDB takes, it needs less than three quarters; no more is told than can be watched; and the one that failed is in it."""
    events: list[Event] = []
    script = f"""
      {HEAD}{FS}{SAYS}
      const ended = (n: number, status: string) => JSON.stringify({{
        at: 1, type: 'testEnd', caseId: `c${{n}}`, title: `test ${{n}} ${{'x'.repeat(100)}}`, attempt: 1, status,
        outcome: status === 'passed' ? 'expected' : 'unexpected', durationMs: 1,
      }}) + '\\n';
      for (let block = 0; block < 100; block++)
        says(Array.from({{ length: 1_000 }}, (_, n) => ended(block * 1_000 + n, 'passed')).join(''));
      says(ended(100_000, 'failed'));
      test('passes', async () => {{}});
    """
    done = run(script, on_event=events.append)

    assert TestStatus.FAILED == done.verdict.status, done.verdict.message
    assert MOST_TESTS + 10 > len(events)
    assert 100 < len(done.cases) < 100_000
    assert 300_000 > len(result_of(done).model_dump_json())


def test_whoever_declares_a_hundred_thousand_tests_runs_out_of_memory_or_time(run: Run) -> None:
    """Its own, not the worker's."""
    done = run(f"{HEAD}for (let n = 0; n < 100_000; n++)\n  test(`test ${{n}}`, async () => {{}});\n", seconds=10)

    assert done.verdict.reason in {Reason.OUT_OF_MEMORY, Reason.DEADLINE}


#: Lines that no reporter would write.
FORGED = [
    "{", "[" * 100_000, "null", '{"type":"over"}', '{"type":"testEnd","at":1e999}', '{"type":"begin","total":"many"}', "\x00\xff",
    '{"at":1,"type":"testEnd","caseId":"f","title":"forged","attempt":1,"status":"passed","outcome":"expected","durationMs":1e999}',
    '{"at":1,"type":"testEnd","caseId":"f","title":"forged","attempt":-5,"status":"passed","outcome":"expected","durationMs":NaN}',
    '{"at":' + "9" * 400 + ',"type":"testBegin","caseId":"f","title":"forged","attempt":1}',
    '{"at":1,"type":"testBegin","caseId":' + json.dumps(["f"] * 100_000) + ',"title":"forged","attempt":1}',
    '{"at":1,"type":"testBegin","caseId":"g","title":"forged \\ud800","attempt":1}',
]  # fmt: skip


def test_no_forged_line_breaks_anything(run: Run) -> None:
    """Numbers without end, nesting, names that are lists, lines that are none: what makes no sense is passed over."""
    events: list[Event] = []
    script = f"{HEAD}{FS}{SAYS}\nfor (const line of {json.dumps(FORGED)})\n  says(line + '\\n');\nsays('x'.repeat(17_000_000) + '\\n');\ntest('passes', async () => {{}});\n"
    done = run(script, on_event=events.append)

    assert TestStatus.PASSED == done.verdict.status, done.verdict.message
    assert ["forged \N{REPLACEMENT CHARACTER}".replace("\N{REPLACEMENT CHARACTER}", "?"), "passes"] == [
        event.data["title"] for event in events if event.data.get("status") == "running" and event.type == "test"
    ]
    assert [1] == [len(batch) > 0 for batch in pack_batches(events)]
    assert result_of(done) == TestResult.model_validate_json(result_of(done).model_dump_json())


#: A title, an error message, and what is printed.
NASTY = [
    "carriage\r\n\r\nevent: end\ndata: {}\n\n", "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m", "nul\x00 and \x08\x7f", "]]>&<!--<script>alert(1)</script>",
    "\u202egnp.exe\u2066", "\ud800 half", "../../../etc/passwd", "x" * 1_000_000, "\u2028\u2029\ufeff",
]  # fmt: skip
#: What a terminal would obey.
OBEYED = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066]))


def test_nasty_texts_stay_texts(run: Run, place: Place, tmp_path: Path) -> None:
    """A title, a message or a console with line breaks, escapes or markup in it is one event, one line, one element, and one cell."""
    events: list[Event] = []
    script = f"""
      {HEAD}
      for (const [n, text] of {json.dumps(NASTY)}.entries())
        test(`${{n}} ${{text}}`, async () => {{
          console.log(text);
          await test.step(text, async () => {{}});
          throw new Error(text);
        }});
    """
    done = run(script, on_event=events.append)
    junit, results = reported(done, place, tmp_path)
    shown = Progress(Path("file"))
    lines = [line for event in events if (line := shown.hear(event.type, json.loads(json.dumps(event.data))))]
    shown.run = {
        "status": "failed",
        "tests": [{"cases": [case.model_dump(mode="json") for case in done.cases]}],
        "durationMs": 1,
    }

    assert (TestStatus.FAILED, len(NASTY)) == (done.verdict.status, len(done.cases))
    assert all(4 == frame(1, "r", event).count(b"\n") and b"\r" not in frame(1, "r", event) for event in events)
    assert not OBEYED & set("".join([*lines, cli_verdict(shown).plain]))
    assert len(NASTY) == bad(junit)
    assert len(NASTY) == results["stats"]["unexpected"]
    assert 300_000 > len(result_of(done).model_dump_json())


def reported(done: Execution, place: Place, into: Path) -> tuple[ET.Element, dict[str, Any]]:
    """Make the report of an execution; give its junit.xml and results.json."""
    verdict = done.verdict
    told = Told(
        title="T", status=verdict.status, message=verdict.message, cases=done.cases, started_at=0, duration_ms=0
    )  # fmt: skip
    blob = slim.pack(slim.split(done.blob, told, into=into), file="script.spec.ts", source="")
    with ReportStep(place).making("T", [Part(told, blob)]) as made:
        folder = made()
        assert folder is not None
        return ET.fromstring((folder / "junit.xml").read_bytes()), json.loads((folder / "results.json").read_text())


def bad(junit: ET.Element) -> int:
    """How many tests did not pass."""
    return int(junit.attrib["failures"]) + int(junit.attrib["errors"])


#: What stands in the place of a blob report when the run's own process ends, and what its test must end as.
BLOBS = {
    "a pipe": ("execFileSync('mkfifo', [blob])", Reason.NO_REPORT),
    "a link to what it cannot read": ("fs.symlinkSync('/etc/shadow', blob)", Reason.NO_REPORT),
    "a link to itself": ("fs.symlinkSync(blob, blob)", Reason.NO_REPORT),
    "a folder": ("fs.mkdirSync(blob)", Reason.NO_REPORT),
    "nothing that may be read": ("fs.writeFileSync(blob, 'x', { mode: 0 })", Reason.NO_REPORT),
    "a zip with names that lead elsewhere": ("fs.writeFileSync(blob, Buffer.from(process.env.SLIP!, 'base64'))", None),
}


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a blob is made of, as a variable of the run."""
    folder = tmp_path_factory.mktemp("zips")
    end = {"method": "onEnd", "params": {"result": {"status": "passed", "startTime": 0, "duration": 0}}}
    with zipfile.ZipFile(folder / "slip.zip", "w") as slip:
        slip.writestr("report.jsonl", json.dumps(end))
        for name in ("../../../../matinee-was-here", f"{folder}/matinee-was-here", "resources/../../matinee-was-here"):
            slip.writestr(name, "x")
        link = zipfile.ZipInfo("resources/" + "0" * 40 + ".png")
        link.external_attr = 0o120777 << 16
        slip.writestr(link, "/etc/shadow")
    return {"SLIP": base64.b64encode((folder / "slip.zip").read_bytes()).decode()}


@pytest.mark.parametrize("attack", BLOBS)
def test_what_is_left_in_the_place_of_a_blob_is_not_followed(
    attack: str, run: Run, zips: dict[str, str], place: Place, tmp_path: Path
) -> None:
    """The test ends, has a report that says what became of it, and nothing was written or read elsewhere."""
    body, reason = BLOBS[attack]
    script = f"""
      {HEAD}{FS}
      import {{ execFileSync }} from 'node:child_process';
      const blob = `${{process.cwd()}}/blob.zip`;
      if (!process.env.TEST_WORKER_INDEX)
        process.on('exit', () => {{ fs.rmSync(blob, {{ force: true }}); {body}; }});
      test('passes', async () => {{}});
    """
    done = run(script, variables=zips)
    junit, _ = reported(done, place, tmp_path)

    assert reason == done.verdict.reason, done.verdict.message
    assert (reason is not None) is (bad(junit) > 0)
    assert "root:" not in "".join(path.read_text(errors="replace") for path in tmp_path.iterdir())
    assert not [*tmp_path.rglob("matinee-was-here"), *place.runtime.glob("matinee-was-here")]
