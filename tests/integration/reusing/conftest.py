"""A runner that executes the tests of one job run after another."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from matinee.model.run import RunKind
from matinee.model.script import Language
from matinee.model.variables import Given
from matinee.model.work import Event, TestOrder
from matinee.runner.execution import Execution, Runner
from matinee.runner.probe import choose
from matinee.runner.stop import Stop
from matinee.runner.warm import Place
from tests.integration.reusing.told import Run


@pytest.fixture
def runner(runtime: Path) -> Iterator[Runner]:
    place = Place(runtime=runtime, sandbox=choose("auto", runtime=runtime), memory_bytes=1 << 30)
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
            language=Language.TYPESCRIPT, timeout_seconds=40, retries=retries,
        )  # fmt: skip
        done = runner.execute(
            order, script, given=Given(variables or {}), seconds=seconds, stop=stop or Stop(), on_event=on_event
        )
        look(done)
        done.close()
        return done

    return run
