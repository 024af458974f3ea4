"""The tests of one job run follow each other in the same processes, and find nothing of each other there."""

import io
import os
import re
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.script import Language
from matinee.model.work import Event, TestOrder
from matinee.runner import waiting
from matinee.runner.execution import Execution, Runner, Stop
from matinee.runner.sandbox import choose
from matinee.runner.warm import Place

SCRIPTS = Path(__file__).with_name("scripts")

#: Tells when host and worker process began: a process id comes again in each sandbox.
WHO = """
import { test } from '@playwright/test';
console.log(`${process.env.TEST_WORKER_INDEX === undefined ? 'host' : 'worker'}=${performance.timeOrigin}`);
test('tells', () => {});
"""

Run = Callable[..., Execution]


@pytest.fixture
def runner(runtime: Path) -> Iterator[Runner]:
    place = Place(runtime=runtime, sandbox=choose("auto"), memory_bytes=1 << 30)
    runner = Runner(place)
    yield runner
    runner.close()


@pytest.fixture
def run(runner: Runner) -> Run:
    """Execute a script as a test of a job run, and remove its files."""
    numbers = count(1)

    def run(
        script: str,
        *,
        run_id: str = "r",
        kind: RunKind = RunKind.JOB,
        module: bool = False,
        seconds: float = 40,
        stop: Stop | None = None,
        on_event: Callable[[Event], None] = lambda _: None,
        variables: dict[str, str] | None = None,
        retries: int = 0,
        look: Callable[[Execution], None] = lambda _: None,
    ) -> Execution:
        order = TestOrder(
            workspace_id="w", run_id=run_id, test_id=f"t{next(numbers)}", title="T", kind=kind, module=module, script=script,
            language=Language.TYPESCRIPT, timeout_seconds=40, retries=retries, variables=variables or {},
        )  # fmt: skip
        done = runner.execute(order, script, seconds=seconds, stop=stop or Stop(), on_event=on_event)
        look(done)
        done.close()
        return done

    return run


def said(done: Execution) -> dict[str, str]:
    """Give what the script told as `name=value`."""
    assert done.verdict.status is TestStatus.PASSED, done.verdict.message
    return dict(re.findall(r"(\w+)=(\S*)", done.console.decode()))


def trace_of(done: Execution) -> str:
    """Give all that the trace in an execution's blob report says."""
    assert done.blob
    with zipfile.ZipFile(done.blob) as blob:
        traces = [io.BytesIO(blob.read(name)) for name in blob.namelist() if name.endswith(".zip")]
    texts = []
    for trace in traces:
        with zipfile.ZipFile(trace) as archive:
            texts += [
                archive.read(name).decode(errors="replace") for name in archive.namelist() if name.endswith(".trace")
            ]
    return "\n".join(texts)


def below(top: int) -> list[int]:
    """Give the processes below one, by their ids."""
    found = [int(pid) for pid in Path(f"/proc/{top}/task/{top}/children").read_text().split()]
    return [*found, *(pid for child in found for pid in below(child))]


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_ten_tests_of_a_run_use_one_host_and_one_worker(run: Run) -> None:
    """Each is told its own console, and has its own verdict."""
    seen = [said(run(WHO)) for _ in range(10)]

    assert 1 == len({(one["host"], one["worker"]) for one in seen})


def test_another_run_gets_processes_of_its_own(run: Run, runner: Runner) -> None:
    """Neither another job's tests nor a single test ever come into a process that has seen a script of somebody else."""
    mark = "import { test } from '@playwright/test'; import path from 'node:path'; (path as any).mark = 1; test('marks', () => {});"
    look = "import { test } from '@playwright/test'; import path from 'node:path'; test('looks', () => console.log(`mark=${(path as any).mark}`));"
    run(mark)
    first = runner.folder

    assert "1" == said(run(look))["mark"]  # the same run: a realm is shared, as in `playwright test`
    assert "undefined" == said(run(look, run_id="another"))["mark"]
    assert first != runner.folder
    assert "undefined" == said(run(look, kind=RunKind.TEST))["mark"]
    assert runner.folder is None


def test_a_single_test_leaves_no_process(run: Run, runner: Runner) -> None:
    """Only a job's tests have successors."""
    run(WHO, kind=RunKind.TEST)

    assert runner.folder is None


def test_nothing_of_a_test_is_in_the_next(run: Run) -> None:
    """Variables, globals, listeners, files and detached processes of a script, at its top and in its test, are gone."""
    leave = """
      import { test } from '@playwright/test';
      import fs from 'node:fs';
      import { spawn } from 'node:child_process';
      function leave() {
        process.env.LEFT = 'yes';
        (globalThis as any).left = 'yes';
        (globalThis as any).fetch = () => 'yes';
        process.on('warning', function left() {});
        process.chdir('/');
        for (const folder of ['/tmp', process.env.HOME, __dirname, `${__dirname}/..`])
          fs.writeFileSync(`${folder}/left.txt`, 'yes');
        spawn('sleep', ['98765'], { detached: true, stdio: 'ignore' }).unref();
      }
      leave();
      test('leaves', () => leave());
    """
    look = """
      import { test } from '@playwright/test';
      import fs from 'node:fs';
      function look(where: string) {
        const files = ['/tmp', process.env.HOME, __dirname, `${__dirname}/..`].filter(f => fs.existsSync(`${f}/left.txt`));
        const sleeping = fs.readdirSync('/proc').filter(pid => /^\\d+$/.test(pid)).filter(pid => {
          try { return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('98765'); } catch { return false; }
        });
        const listeners = process.listeners('warning').filter(listener => listener.name === 'left');
        console.log(`${where}=${[process.env.LEFT, process.env.WHO, (globalThis as any).left, String(fetch).includes('yes'),
          files.length, sleeping.length, listeners.length, process.cwd() === __dirname].join()}`);
      }
      test('looks', () => { look('worker'); });
      look('host');
    """
    before, after = said(run(leave, variables={"WHO": "me"})), said(run(look))

    assert not before
    assert {"host": ",,,false,0,0,0,true", "worker": ",,,false,0,0,0,true"} == after


def browser_of(done: Execution) -> str:
    """Give the process id of the browser that a script of `LOOKS` saw."""
    return said(done)["browser"]


LOOKS = """
  import { test, expect } from '@playwright/test';
  USE
  test('looks', async ({ page, context, browser }) => {
    await page.goto('data:text/html,<h1>TITLE</h1>');
    console.log(`browser=${(browser as any)._connection.toImpl(browser).options.browserProcess.process.pid}`);
    console.log(`contexts=${browser.contexts().length}`);
    console.log(`cookies=${(await context.cookies('https://example.com')).length}`);
    await context.addCookies([{ name: 'left', value: 'yes', url: 'https://example.com' }]);
    await browser.newContext();
    await expect(page.getByRole('heading')).toHaveText('TITLE');
  });
"""


def looks(title: str, *, use: str = "") -> str:
    return LOOKS.replace("TITLE", title).replace("USE", use)


def test_the_tests_of_a_run_share_a_browser_and_nothing_in_it(run: Run) -> None:
    """Contexts end with their test, also those that it did not close."""
    seen = [said(run(looks(f"test {n}"))) for n in range(3)]

    assert 1 == len({one["browser"] for one in seen})
    assert [("1", "0")] * 3 == [(one["contexts"], one["cookies"]) for one in seen]


def test_other_launch_options_get_a_browser_of_their_own(run: Run) -> None:
    """What a script asks of its browser is not what the former test's was launched with."""
    german = "test.use({ launchOptions: { args: ['--disable-gpu', '--lang=de'], chromiumSandbox: false } });"
    browsers = [browser_of(run(looks(f"test {n}", use=use))) for n, use in enumerate(["", german, german, ""])]

    assert browsers[1] == browsers[2]
    assert 3 == len(set(browsers))


def test_each_test_that_shares_a_browser_has_its_own_trace_and_downloads(run: Run) -> None:
    """A browser knows its folders from its launch; each test's blob has what that test did."""
    script = """
      import { test, expect } from '@playwright/test';
      import fs from 'node:fs';
      test('downloads', async ({ page }) => {
        await page.setContent('<a download="TITLE.txt" href="data:text/plain,TITLE">get</a>');
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('get').click()]);
        console.log(`text=${fs.readFileSync(await download.path(), 'utf8')}`);
      });
    """
    for title, other in (("alpha", "beta"), ("beta", "alpha")):
        traces: list[str] = []
        done = run(script.replace("TITLE", title), look=lambda done, traces=traces: traces.append(trace_of(done)))
        assert title == said(done)["text"]
        assert title in traces[0]
        assert other not in traces[0]


def test_a_browser_that_dies_between_two_tests_is_replaced(run: Run) -> None:
    """An idle browser may be killed for the machine's memory; the next test has another and passes."""
    first = run(looks("one"))
    browsers = [
        pid for pid in below(first.warm.host.pid) if b"--headless" in cmdline(pid) and b"--type" not in cmdline(pid)
    ]
    for pid in browsers:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    second = run(looks("two"))

    assert len(browsers) == 1
    assert browser_of(first) != browser_of(second)


def test_the_browser_ends_with_the_processes_of_its_run(run: Run, runner: Runner) -> None:
    """Nothing is left once nobody needs the host any more."""
    alive = below(run(looks("one")).warm.host.pid)
    browsers = [pid for pid in alive if b"--headless" in cmdline(pid)]
    runner.close()

    assert browsers
    assert not [pid for pid in alive if Path(f"/proc/{pid}").exists()]


def test_where_there_is_no_sandbox_temporary_files_end_with_their_run(runtime: Path) -> None:
    """A browser that is killed leaves its profile; in Lambda the next run would find it, and one day no room."""
    runner = Runner(Place(runtime=runtime, sandbox=choose("none"), memory_bytes=1 << 30))
    script = looks("one") + "console.log(`tmp=${require('node:os').tmpdir()}`);"
    order = TestOrder(
        workspace_id="w", run_id="r", test_id="t", title="T", kind=RunKind.JOB, module=False, script=script,
        language=Language.TYPESCRIPT, timeout_seconds=40, retries=0, variables={},
    )  # fmt: skip
    with (
        closing(runner),
        closing(runner.execute(order, script, seconds=40, stop=Stop(), on_event=lambda _: None)) as done,
    ):
        tmp = Path(said(done)["tmp"])
        assert list(tmp.glob("playwright*"))
    assert not tmp.exists()
    assert Path(tempfile.gettempdir()) in tmp.parents


def test_a_stack_names_the_line_of_the_script_as_it_was_written(run: Run) -> None:
    """Also where what Playwright's compiler made of it has other lines; and names the function."""
    script = """
      import { test } from '@playwright/test';

      interface Gone { with: 'the types' }

      function fails(): never {
        throw new Error('here');
      }
      test('is traced', () => { try { fails(); } catch (error) { console.log(`stack=${(error as Error).stack!.split('\\n').slice(0, 2).join('|').replaceAll(' ', '_')}`); } });
    """
    name, _, where = said(run(script))["stack"].partition("|")

    assert "Error:_here" == name
    assert re.search(r"at_fails_\(.*\.spec\.ts:7:15\)$", where)


def test_scripts_of_one_name_are_loaded_afresh_as_modules_and_otherwise(run: Run) -> None:
    """CommonJS and ES modules in turns, each of them new although its file has the name of the one before."""
    told = []
    for number in range(6):
        module = number % 2 == 1
        more = "const waited = await Promise.resolve('module');" if module else "const waited = 'plain';"
        script = f"import {{ test }} from '@playwright/test'; {more} test('t{number}', () => console.log(`of={number}-${{waited}}`));"
        done = run(script, module=module)
        told.append((said(done)["of"], [case.title for case in done.cases]))

    assert [(f"{n}-{'module' if n % 2 else 'plain'}", [f"t{n}"]) for n in range(6)] == told


#: A script of `scripts/`, the seconds that it gets, what it comes to, and whether host and worker process serve the next test.
ENDS = [
    ("passing", 40, (TestStatus.PASSED, None), (True, True)),
    ("failing", 40, (TestStatus.FAILED, None), (True, False)),
    ("all-skipped", 40, (TestStatus.SKIPPED, None), (True, True)),
    ("no-tests", 40, (TestStatus.ERROR, Reason.NO_TESTS), (True, True)),
    ("syntax-error", 40, (TestStatus.ERROR, Reason.SCRIPT_INVALID), (True, True)),
    ("throws-at-load", 40, (TestStatus.ERROR, Reason.SCRIPT_INVALID), (True, True)),
    ("rejects-in-test", 40, (TestStatus.FAILED, None), (True, False)),
    ("awaits-forever", 10, (TestStatus.TIMED_OUT, Reason.TEST_TIMEOUT), (True, False)),
    ("daemon", 40, (TestStatus.PASSED, None), (True, True)),
    ("prints-40-mb", 40, (TestStatus.PASSED, None), (True, True)),
    ("exits-at-load", 40, (TestStatus.ERROR, Reason.NO_REPORT), (False, False)),
    ("exits-in-test", 40, (TestStatus.FAILED, None), (False, False)),
    ("kills-parent", 40, (TestStatus.ERROR, Reason.NO_REPORT), (False, False)),
    ("loops-at-load", 5, (TestStatus.TIMED_OUT, Reason.DEADLINE), (False, False)),
    ("loops-in-test", 5, (TestStatus.TIMED_OUT, Reason.DEADLINE), (False, False)),
    ("eats-heap", 40, (TestStatus.ERROR, Reason.OUT_OF_MEMORY), (False, False)),
    ("eats-buffers", 40, (TestStatus.ERROR, Reason.OUT_OF_MEMORY), (False, False)),
]


@pytest.mark.parametrize(("name", "seconds", "verdict", "stays"), ENDS, ids=[row[0] for row in ENDS])
def test_whatever_comes_between_the_next_test_is_right(
    name: str, seconds: float, verdict: tuple[TestStatus, Reason | None], stays: tuple[bool, bool], run: Run
) -> None:
    """A script in the middle of a run is judged as alone; a process that it harmed is not used again, and the next test passes."""
    before = said(run(WHO))
    done = run((SCRIPTS / f"{name}.spec.ts").read_text(), seconds=seconds)
    after = said(run(WHO))

    assert verdict == (done.verdict.status, done.verdict.reason), done.verdict.message
    assert stays == (before["host"] == after["host"], before["worker"] == after["worker"])


@pytest.mark.parametrize("left", ["setInterval(() => {}, 50)", "require('node:http').createServer().listen(0)"])
def test_a_process_in_which_something_still_works_is_not_used_again(left: str, run: Run) -> None:
    """A timer or a server that a test does not end, ends with its process; the test itself has done no wrong."""
    at_top = f"import {{ test }} from '@playwright/test'; {left}; test('leaves', () => {{}});"
    in_test = f"import {{ test }} from '@playwright/test'; test('leaves', () => {{ {left}; }});"
    before = said(run(WHO))
    inside = run(in_test)
    after = said(run(WHO))
    top = run(at_top)

    assert (TestStatus.PASSED, TestStatus.PASSED) == (inside.verdict.status, top.verdict.status)
    assert before["host"] == after["host"]
    assert before["worker"] != after["worker"]
    assert after["host"] != said(run(WHO))["host"]


def test_a_test_that_fails_on_every_attempt_never_passes_on_a_retry(run: Run) -> None:
    """A retry runs in a worker process that is forked as it begins: nothing of ours may still load while Playwright runs in it."""
    fails = """
      import { test, expect } from '@playwright/test';
      test('fails', async ({ page }) => { console.log('ran'); expect(await page.evaluate(() => 1)).toBe(2); });
    """
    done = [run(fails, retries=2) for _ in range(3)]

    assert [(TestStatus.FAILED, 3)] * 3 == [(one.verdict.status, one.console.count(b"ran")) for one in done]


def test_a_cancelled_test_ends_its_processes(run: Run) -> None:
    """As ever, and the next test of the run is right."""
    stop = Stop()
    run(WHO)
    done = run(
        (SCRIPTS / "one-then-forever.spec.ts").read_text(),
        stop=stop,
        on_event=lambda event: stop.ask("cancelled") if event.type == "console" else None,
    )

    assert (TestStatus.CANCELLED, False) == (done.verdict.status, done.kept)
    assert said(run(WHO))


def test_processes_whose_run_has_no_more_tests_are_given_up(
    run: Run, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds without an order of their run nothing of it is left."""
    monkeypatch.setattr(waiting, "KEEP_SECONDS", 0.5)
    done = run(WHO)
    assert runner.folder is not None

    deadline = time.monotonic() + 5
    while done.warm.folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert runner.folder is None
    assert said(run(WHO))
