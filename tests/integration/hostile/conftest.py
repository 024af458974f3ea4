"""Scripts that mean harm, run as any script is, and what they aim at."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from matinee.model.egress import Egress
from matinee.model.script import Language
from matinee.model.variables import Given
from matinee.model.work import Event, TestOrder
from matinee.runner.execution import Execution, Runner
from matinee.runner.probe import choose
from matinee.runner.stop import Stop
from matinee.runner.warm import Place
from matinee.settings import RunnerSettings

SCRIPTS = Path(__file__).with_name("scripts")
HEAD = "import { test, expect } from '@playwright/test';\n"

#: Executes a script: `run(script, run_id="r", seconds=40, **fields of its order)`.
Run = Callable[..., Execution]


class Target:
    """A server on a loopback port that counts who came."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._server.getsockname()[1]
        self.visitors = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._server.accept()
            except OSError:
                return
            self.visitors += 1
            threading.Thread(target=self._answer, args=[visitor], daemon=True).start()

    def _answer(self, visitor: socket.socket) -> None:
        with visitor:
            try:
                visitor.settimeout(2)
                if visitor.recv(4096):
                    visitor.sendall(
                        b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
                    )
            except OSError:
                return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(one.getsockname()[0])


@dataclass(frozen=True)
class Targets:
    """One server that scripts may reach, and one that they may not."""

    open: Target = field(default_factory=Target)
    closed: Target = field(default_factory=Target)
    own: str = field(default_factory=own_address)  #: an address of this machine's besides loopback, if it has one

    @property
    def egress(self) -> Egress:
        """As in the cloud, with the closed one in the place of the Runtime API."""
        settings = RunnerSettings(matinee_egress="public", aws_lambda_runtime_api=f"127.0.0.1:{self.closed.port}")
        return settings.egress(resolv_conf="")


@pytest.fixture(scope="session")
def targets() -> Iterator[Targets]:
    targets = Targets()
    yield targets
    targets.open.close()
    targets.closed.close()


@pytest.fixture(scope="session")
def place(runtime: Path, targets: Targets) -> Place:
    """Little memory and little disk, so that it takes little time to exceed them."""
    sandbox = choose("auto", runtime=runtime)
    return Place(runtime=runtime, sandbox=sandbox, memory_bytes=700 << 20, disk_bytes=200 << 20, egress=targets.egress)


def runner_of(place: Place) -> tuple[Run, Callable[[], None]]:
    """Give what executes scripts in `place`, and what ends it."""
    runner = Runner(place)
    ended: list[Execution] = []

    def run(
        script: str,
        *,
        seconds: float = 40,
        stop: Stop | None = None,
        on_event: Callable[[Event], None] = lambda _: None,
        variables: dict[str, str] | None = None,
        **order: Any,
    ) -> Execution:
        told = TestOrder.model_validate(
            {
                "workspace_id": "w", "run_id": "r", "test_id": "t", "title": "T", "language": Language.TYPESCRIPT, "module": False,
                "script": script, "timeout_seconds": 60, "retries": 0, **order,
            }
        )  # fmt: skip
        execution = runner.execute(
            told, script, given=Given(variables or {}), seconds=seconds, stop=stop or Stop(), on_event=on_event
        )
        ended.append(execution)
        return execution

    def close() -> None:
        for execution in ended:
            execution.close()
        runner.close()

    return run, close


@pytest.fixture(scope="session")
def run(place: Place) -> Iterator[Run]:
    run, close = runner_of(place)
    yield run
    close()


@pytest.fixture(scope="session")
def unconfined(place: Place) -> Place:
    """As `place`, on a machine that allows no sandbox: the supervisor alone keeps order, as in Lambda."""
    return replace(place, sandbox=choose("none", runtime=place.runtime))


def script(name: str) -> str:
    """Give one of our scripts."""
    return (SCRIPTS / f"{name}.spec.ts").read_text()


def attacks_of(name: str) -> list[str]:
    """Give the titles of a script's tests, each an attack; its title says what must hold."""
    return re.findall(r"^(?:test\(|  )'(.+?)'(?:, async|: url =>)", script(name), re.MULTILINE)
