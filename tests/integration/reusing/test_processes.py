"""The tests of one job run follow each other in the same processes, and find nothing of each other there."""

import re
import time
from pathlib import Path

import pytest

from matinee.model.run import Reason, RunKind, TestStatus
from matinee.runner import waiting
from matinee.runner.execution import Runner
from matinee.runner.stop import Stop
from tests.integration.reusing.told import Run, said

SCRIPTS = Path(__file__).parents[1] / "scripts"

#: Tells when host and worker process began: a process id comes again in each sandbox.
WHO = """
import { test } from '@playwright/test';
console.log(`${process.env.TEST_WORKER_INDEX === undefined ? 'host' : 'worker'}=${performance.timeOrigin}`);
test('tells', () => {});
"""


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
