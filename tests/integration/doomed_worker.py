"""A worker that will be killed: executes a script that never ends, and says when it runs."""

import sys
from pathlib import Path

from matinee.model.script import Language
from matinee.model.work import Event, TestOrder
from matinee.runner.execution import Runner
from matinee.runner.probe import choose
from matinee.runner.stop import Stop
from matinee.runner.warm import Place

SCRIPT = """
import { test } from '@playwright/test';
test('waits', async ({ page }) => { console.log('now'); await page.waitForTimeout(60_000); });
"""

runtime = Path(sys.argv[1])
runner = Runner(Place(runtime=runtime, sandbox=choose("auto", runtime=runtime), memory_bytes=1 << 30))
runner.warm()
assert runner.folder is not None
print(runner.folder, flush=True)


def tell(event: Event) -> None:
    """Say that the script is in its test."""
    if event.type == "console":
        print("running", flush=True)


order = TestOrder(
    workspace_id="w",
    run_id="r",
    test_id="t",
    title="T",
    language=Language.TYPESCRIPT,
    module=False,
    script=SCRIPT,
    timeout_seconds=60,
    retries=0,
)
runner.execute(order, SCRIPT, seconds=60, stop=Stop(), on_event=tell)
