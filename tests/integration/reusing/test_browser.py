"""The tests of one job run share a browser on each worker, and nothing in it."""

import io
import os
import signal
import tempfile
import time
import zipfile
from contextlib import closing
from pathlib import Path

from matinee.model.run import RunKind
from matinee.model.script import Language
from matinee.model.work import TestOrder
from matinee.runner.execution import Execution, Runner
from matinee.runner.probe import choose
from matinee.runner.stop import Stop
from matinee.runner.warm import Place
from tests.integration.reusing.told import Run, said


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
    runner = Runner(Place(runtime=runtime, sandbox=choose("none", runtime=runtime), memory_bytes=1 << 30))
    script = looks("one") + "console.log(`tmp=${require('node:os').tmpdir()}`);"
    order = TestOrder(
        workspace_id="w", run_id="r", test_id="t", title="T", kind=RunKind.JOB, module=False, script=script,
        language=Language.TYPESCRIPT, timeout_seconds=40, retries=0,
    )  # fmt: skip
    with (
        closing(runner),
        closing(runner.execute(order, script, seconds=40, stop=Stop(), on_event=lambda _: None)) as done,
    ):
        tmp = Path(said(done)["tmp"])
        assert list(tmp.glob("playwright*"))
    assert not tmp.exists()
    assert Path(tempfile.gettempdir()) in tmp.parents
