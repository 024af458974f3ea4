"""The image under Lambda's limits: what a run leaves, what it leaves behind, what it takes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from infra.supply import debian
from matinee.model.confinement import Confinement
from matinee.model.run import Reason, RunKind, TestStatus
from matinee.model.work import RunOrder
from matinee.stores.artifacts import manifest_key
from tests.image.cloud import WORKSPACE, Cloud, record
from tests.image.container import MEMORY_MB, Container, Left
from tests.image.tools import ROOT, Tools

RUNS = 50
MOST_IMAGE_MB = 1200  # Lambda takes 10 GB; a start costs by what is read of it
MOST_INIT_SECONDS = 10  # as long as Lambda gives a function to load at full speed

#: Finds what only a build needs, and modules that Python would have to compile each time.
NEEDLESS = r"""
  find / -xdev \( -name pip -o -name npm -o -name node-gyp -o -name uv -o -name '*-0' -path '*compile-cache*' \)
  ls /var/lib/apt/lists
  for file in $(find /var/task /usr/local/lib/python3* -name '*.py'); do
    ls "$(dirname $file)/__pycache__/$(basename $file .py)".cpython-*.pyc >/dev/null 2>&1 || echo $file
  done
"""

_SETTLE_SECONDS = 20.0

pytestmark = pytest.mark.timeout(1800)


def settled(container: Container) -> Left:
    """Give what there is once the processes for the next script have loaded, and nothing changes any more."""
    end = time.monotonic() + _SETTLE_SECONDS
    last, since = container.left(), time.monotonic()
    while time.monotonic() < end and time.monotonic() - since < 2:
        time.sleep(0.2)
        if (now := container.left()) != last:
            last, since = now, time.monotonic()
    return last


def kinds(left: Left) -> set[str]:
    """Give the names of what lies in /tmp itself, without what chance puts into them."""
    return {name.rpartition("-")[0] or name for name in left.files if "/" not in name}


def test_the_image_tells_what_it_has_of_debian(tools: Tools, image: str) -> None:
    """All that is installed, with the archive's hashes, and licences where a copyright file is written for machines; `make sbom` reads it."""
    asked = ["podman", "run", "--rm", "--network", "none", "--entrypoint"]
    installed = tools.run(*asked, "dpkg-query", image, "--show", "--showformat", "${Package} ${Version}\n").splitlines()
    found = debian.listed(tools.run(*asked, "cat", image, debian.FILE)).components

    assert sorted(installed) == sorted(f"{one['name']} {one['version']}" for one in found)
    assert {"python3", "libc6"} <= {one["name"] for one in found if one.get("hashes")}
    assert [] != [one for one in found if one.get("licenses")]


def test_the_example_passes_and_leaves_its_report_trace_and_screenshots(runner: Container, cloud: Cloud) -> None:
    """On a root that nobody can write, without a name, a home or shared memory, the example runs as it does on a laptop."""
    order, result = cloud.run(runner.api, (ROOT / "examples" / "shop.spec.ts").read_text())
    files = cloud.files(order)

    assert (TestStatus.PASSED, None) == (result.status, result.reason), result.message
    assert 4 == len(result.cases)
    test = f"tests/{order.test_id}/"
    assert {f"{test}blob.zip", f"{test}console.txt", "report/index.html", "report/junit.xml"} <= set(files)
    assert {".zip", ".png"} <= {Path(name).suffix for name in files if name.startswith("report/data/")}


def test_a_failing_test_leaves_its_video(runner: Container, cloud: Cloud, scripts: Path) -> None:
    """The encoder works in there, too."""
    order, result = cloud.run(runner.api, (scripts / "failing.spec.ts").read_text())
    videos = [size for name, size in cloud.files(order).items() if name.endswith(".webm")]

    assert TestStatus.FAILED == result.status
    assert 1 == len(videos)
    assert videos[0] > 1000


@pytest.mark.parametrize(
    ("script", "reason"), [("kills-browser", Reason.BROWSER_CRASHED), ("syntax-error", Reason.SCRIPT_INVALID)]
)
def test_what_goes_wrong_is_told_by_its_name(
    runner: Container, cloud: Cloud, scripts: Path, script: str, reason: Reason
) -> None:
    """A browser that dies and a script that does not parse end as such, and the next script runs as if nothing had been."""
    _, result = cloud.run(runner.api, (scripts / f"{script}.spec.ts").read_text())
    _, after = cloud.run(runner.api, (scripts / "passing.spec.ts").read_text())

    assert (TestStatus.ERROR, reason) == (result.status, result.reason), result.message
    assert TestStatus.PASSED == after.status


def test_a_script_sees_no_credential_of_the_function(runner: Container, cloud: Cloud) -> None:
    """It has the function's own uid, for Lambda allows no other; still it reads no process's environment but its own kind's."""
    script = """
      import { test, expect } from '@playwright/test';
      import fs from 'node:fs';
      test('looks around', () => {
        const found = fs.readdirSync('/proc').filter(name => /^[0-9]+$/.test(name)).filter(pid => {
          try { return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes('AWS_SECRET_ACCESS_KEY'); } catch { return false; }
        });
        expect(found).toEqual([]);
        expect(Object.keys(process.env).filter(name => name.startsWith('AWS_'))).toEqual([]);
      });
    """
    _, result = cloud.run(runner.api, script)

    assert TestStatus.PASSED == result.status, result.message


def test_a_script_reaches_no_runtime_api_and_no_private_network(runner: Container, cloud: Cloud) -> None:
    """Under the function's own uid, in front of its own environment; its own site it does reach."""
    host, port = runner.api.address.split(":")
    script = f"""
      import {{ test, expect }} from '@playwright/test';
      import http from 'node:http';
      import net from 'node:net';
      const became = (port: number, host: string) => new Promise(done => {{
        net.connect(port, host, () => done('connected')).on('error', error => done((error as NodeJS.ErrnoException).code));
      }});
      test('looks around', async ({{ page, context }}) => {{
        for (const host of ['{host}', '127.1.1.1', '::ffff:127.0.0.1', '0.0.0.0'])
          expect(await became({port}, host), host).toBe('EACCES');
        for (const host of ['169.254.169.254', '10.0.0.1', '192.168.1.1'])
          expect(await became(80, host), host).toBe('EACCES');
        await expect(page.goto('http://{host}:{port}/2018-06-01/runtime/invocation/next')).rejects.toThrow(/ERR_NETWORK_ACCESS_DENIED/);
        const server = http.createServer((_, answer) => answer.end('<h1>own</h1>')).listen(0);
        const own = await context.newPage();  // the other one is still on its way to the browser's page about the error
        await own.goto(`http://127.0.0.1:${{(server.address() as net.AddressInfo).port}}/`);
        await expect(own.getByRole('heading')).toHaveText('own');
        server.close();
      }});
    """
    _, result = cloud.run(runner.api, script)

    assert TestStatus.PASSED == result.status, result.message
    assert cloud.confinement() == Confinement(
        sandbox="none", own_uid=False, hardened=True, egress="public", in_lambda=True
    )  # fmt: skip


def test_what_a_script_leaves_in_tmp_is_gone_with_it(runner: Container, cloud: Cloud) -> None:
    """It is the function's, and so the next script's, of whatever workspace: what that would look for there must not be another's."""
    leaves = """
      import { test } from '@playwright/test';
      import fs from 'node:fs';
      test('leaves', () => {
        fs.mkdirSync('/tmp/node_modules/poison', { recursive: true });
        fs.writeFileSync('/tmp/node_modules/poison/index.js', 'globalThis.poisoned = true');
        for (const name of ['package.json', 'tsconfig.json', 'matinee-run-left', '.left'])
          fs.writeFileSync(`/tmp/${name}`, '{"type": "module"');
        fs.mkdirSync('/tmp/locked/in', { recursive: true });
        fs.chmodSync('/tmp/locked', 0);
      });
    """
    looks = """
      import { test, expect } from '@playwright/test';
      import fs from 'node:fs';
      test('looks', () => {
        const own = __dirname.split('/').slice(0, 3).join('/');
        expect(fs.readdirSync('/tmp').map(name => `/tmp/${name}`).filter(name => name !== own && !name.startsWith('/tmp/matinee-report-'))).toEqual([]);
      });
    """
    results = [cloud.run(runner.api, script)[1] for script in (leaves, looks)]

    assert [TestStatus.PASSED] * 2 == [result.status for result in results], [result.message for result in results]


def test_runs_leave_nothing_behind(
    runner: Container, cloud: Cloud, scripts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After fifty runs there are the processes, the threads, the descriptors and the files that there were after the first."""
    script = (scripts / "passing.spec.ts").read_text()
    cloud.run(runner.api, script)
    first = settled(runner)
    began = time.monotonic()
    results = [cloud.run(runner.api, script)[1] for _ in range(RUNS)]
    took = (time.monotonic() - began) / RUNS * 1000
    last = settled(runner)

    with capsys.disabled():
        verdict = median(result.duration_ms for result in results)
        print(f"\n{RUNS} runs, one right after the other: {took:.0f} ms each, of which {verdict:.0f} to the verdict")
        print(f"after the first {_counts(first)}; after the last {_counts(last)}")
        print(f"loaded in {runner.init_ms:.0f} ms; {runner.peak_mb or 0:.0f} MB at the most, of {MEMORY_MB}")
    assert {TestStatus.PASSED} == {result.status for result in results}
    assert first.processes >= last.processes
    assert first.threads + 1 >= last.threads  # one that V8 has made meanwhile
    assert first.descriptors >= last.descriptors
    assert (kinds(first), len(first.files)) == (kinds(last), len(last.files))
    assert runner.init_ms < MOST_INIT_SECONDS * 1000
    assert runner.peak_mb is None or runner.peak_mb < MEMORY_MB


def test_a_job_s_report_is_made_by_the_same_image(
    runner: Container, start: Callable[[str], Container], cloud: Cloud, scripts: Path
) -> None:
    """merge_report is another command of it: it makes the report of what run_test left."""
    more = {"kind": RunKind.JOB, "test_id": "one"}
    order, result = cloud.run(runner.api, (scripts / "passing.spec.ts").read_text(), **more)
    entry = {"id": "one", "title": "One", "status": result.status, "startedAt": result.started_at, "durationMs": 1}
    cloud.put(manifest_key(WORKSPACE, order.run_id), {"title": "Job", "tests": [entry]})

    body = RunOrder(workspace_id=WORKSPACE, run_id=order.run_id).model_dump_json()
    answer = start("merge_report").api.invoke({"Records": [record(body)]})

    assert {"batchItemFailures": []} == answer
    assert {"report/index.html", "report/junit.xml", "report/results.json"} <= set(cloud.files(order))


def test_the_image_has_nothing_that_a_run_does_not_use(
    tools: Tools, image: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No pip, npm, package lists or sources of ours but what is imported; and all of Python is compiled."""
    size = json.loads(tools.run("podman", "image", "inspect", image))[0]["Size"] / 1e6
    found = tools.run("podman", "run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", NEEDLESS)

    with capsys.disabled():
        print(f"\nthe image: {size:.0f} MB")
    assert "" == found
    assert size < MOST_IMAGE_MB


def _counts(left: Left) -> str:
    return (
        f"{left.processes} processes, {left.threads} threads, {left.descriptors} descriptors, {len(left.files)} files"
    )
