"""What a script sees, touches and uses up is its own, and ends at its limits."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matinee.model.run import Reason, TestStatus
from matinee.runner.execution import Execution
from matinee.runner.probe import choose
from matinee.runner.warm import Place
from tests.integration.hostile.conftest import HEAD, Run, attacks_of, runner_of, script
from tests.integration.procfs import processes

SECRET = "hunter2-of-an-ancestor"


@pytest.fixture(scope="module")
def reads(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Execution]:
    """A script that looks around, with more room than others."""
    if place.sandbox.kind != "bubblewrap":
        pytest.skip("this machine allows no namespaces, so the script would see what we see, and change it")
    elsewhere = tmp_path_factory.mktemp("state") / "api-key"
    elsewhere.write_text(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATINEE_SECRET_PROBE", SECRET)
        run, close = runner_of(replace(place, disk_bytes=4 << 30))
        yield run(script("reads"), variables={"ELSEWHERE": str(elsewhere), "SECRET": "hunter2-of-an-" + "ancestor"})
        close()


@pytest.mark.parametrize("attack", attacks_of("reads"))
def test_a_script_has_what_is_its_own(reads: Execution, attack: str) -> None:
    """Nothing of the machine, of other runs or of ours; no rights; and no more than its limits."""
    assert [(TestStatus.PASSED, None)] == [(case.status, case.message) for case in reads.cases if case.title == attack]


#: What exceeds a limit, and what its test must end as.
EXCEEDING: dict[str, tuple[str, TestStatus, Reason | None]] = {
    "fills its folder": (
        "const file = fs.openSync(`${os.homedir()}/full`, 'w'); for (;;) fs.writeSync(file, Buffer.alloc(1 << 20));",
        TestStatus.ERROR,
        Reason.DISK_FULL,
    ),
    "fills a file that has no name any more": (
        "const file = fs.openSync(`${os.homedir()}/gone`, 'w'); fs.unlinkSync(`${os.homedir()}/gone`); for (let n = 0; n < 400; n++) fs.writeSync(file, Buffer.alloc(1 << 20)); for (;;);",
        TestStatus.ERROR,
        Reason.DISK_FULL,
    ),
    "fills its memory's file system": (
        "for (let n = 0; n < 400; n++) fs.writeFileSync(`/tmp/${n}`, Buffer.alloc(1 << 20)); for (;;);",
        TestStatus.ERROR,
        Reason.DISK_FULL,
    ),
    "makes a hundred thousand files": (
        "for (let n = 0; n < 100_000; n++) fs.closeSync(fs.openSync(`/tmp/${n}`, 'w')); for (;;);",
        TestStatus.ERROR,
        Reason.DISK_FULL,
    ),
    "makes a thousand folders in each other": (
        "process.chdir(os.homedir()); for (let n = 0; n < 1_500; n++) { fs.mkdirSync('deep'); process.chdir('deep'); } for (;;);",
        TestStatus.ERROR,
        Reason.DISK_FULL,
    ),
    "locks its folders": (
        "fs.mkdirSync(`${os.homedir()}/locked/in`, { recursive: true }); fs.chmodSync(`${os.homedir()}/locked`, 0); throw new Error('left');",
        TestStatus.FAILED,
        None,
    ),
    "stops everybody": ("process.kill(-1, 'SIGSTOP');", TestStatus.TIMED_OUT, Reason.DEADLINE),
}


@pytest.mark.parametrize("attack", EXCEEDING)
def test_who_exceeds_a_limit_is_stopped_and_told(attack: str, run: Run, place: Place) -> None:
    """Within seconds, as what it is; and nothing of it stays, however it nested, locked or hid that."""
    if place.sandbox.kind != "bubblewrap":
        pytest.skip("this machine allows no namespaces, so the script would harm it")
    body, status, reason = EXCEEDING[attack]
    began = time.monotonic()
    done = run(
        f"{HEAD}import fs from 'node:fs';\nimport os from 'node:os';\ntest('harms', async () => {{ {body} }});\n",
        seconds=4 if reason is Reason.DEADLINE else 8,
    )
    took = time.monotonic() - began
    folder = done.warm.folder
    done.close()

    assert (status, reason) == (done.verdict.status, done.verdict.reason), done.verdict.message
    assert 12 > took
    assert not folder.parent.exists()


def test_memory_that_processes_share_counts(run: Run, place: Place) -> None:
    """It is nobody's alone, so it is in no process's private memory."""
    if place.sandbox.kind != "bubblewrap" or not Path("/usr/bin/python3").exists():
        pytest.skip("there is no Python in the sandbox of this machine")
    program = "import mmap, time; room = mmap.mmap(-1, 900 << 20); [room.write(bytes(1 << 20)) for _ in range(900)]; time.sleep(30)"
    done = run(
        f"{HEAD}import {{ spawnSync }} from 'node:child_process';\n"
        f"test('shares', async () => {{ spawnSync('/usr/bin/python3', ['-c', {json.dumps(program)}]); }});\n",
        seconds=20,
    )

    assert (TestStatus.ERROR, Reason.OUT_OF_MEMORY) == (done.verdict.status, done.verdict.reason)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give another user's rights away")
def test_where_there_are_no_namespaces_root_s_scripts_are_another_user(place: Place, tmp_path: Path) -> None:
    """As in most containers: they read nothing of root's, stop none of its processes, and have a browser all the same."""
    key = tmp_path / "api-key"
    key.write_text(SECRET)
    key.chmod(0o600)
    script = f"""
      {HEAD}import fs from 'node:fs';
      test('is another user', async ({{ page }}) => {{
        expect(process.getuid!()).toBeGreaterThan(1000);
        for (const file of [{str(key)!r}, '/proc/{os.getpid()}/environ', '/etc/shadow'])
          expect(() => fs.readFileSync(file), file).toThrow(/EACCES/);
        expect(() => process.kill({os.getpid()}, 'SIGSTOP')).toThrow(/EPERM/);
        expect(() => process.kill(process.ppid, 0)).not.toThrow();
        expect(fs.readFileSync('/proc/self/status', 'utf8')).toMatch(/^CapEff:\t0+$/m);
        await page.setContent('<h1>Hello</h1>');
        await expect(page.getByRole('heading')).toHaveText('Hello');
      }});
    """
    run, close = runner_of(replace(place, sandbox=choose("uid", runtime=place.runtime)))
    done = run(script)
    folder = done.warm.folder
    close()

    assert (TestStatus.PASSED, None) == (done.verdict.status, done.verdict.message)
    assert not folder.parent.exists()


@pytest.mark.parametrize(("signal", "reason"), [("SIGKILL", Reason.NO_REPORT), ("SIGSTOP", Reason.DEADLINE)])
def test_whoever_kills_or_stops_its_supervisor_survives_nothing(signal: str, reason: Reason, unconfined: Place) -> None:
    """Without namespaces it has the rights to, as in Lambda: what it left is found by the worker, and the next run by none of it."""
    script = f"""
      {HEAD}import {{ spawn }} from 'node:child_process';
      if (!process.env.TEST_WORKER_INDEX) {{
        for (const stdio of ['ignore', 'inherit'] as const)
          spawn('setsid', ['sh', '-c', 'sleep 98765 & setsid sleep 98765'], {{ stdio, detached: true }}).unref();
        setTimeout(() => process.kill(process.ppid, {signal!r}), 500);
      }}
      test('waits', async () => {{ await new Promise(done => setTimeout(done, 30_000)); }});
    """
    run, close = runner_of(unconfined)
    began = time.monotonic()
    done = run(script, seconds=20 if reason is Reason.NO_REPORT else 5)
    took = time.monotonic() - began
    left = processes("sleep 98765")
    after = run(f"{HEAD}test('comes after', async () => {{}});\n")
    close()

    assert (reason, TestStatus.PASSED) == (done.verdict.reason, after.verdict.status), done.verdict.message
    assert 20 > took
    assert [] == left
