"""What one test leaves reaches no other: not by a folder that we write to later, not by a process that has our secrets in it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from matinee.model.run import RunKind, TestStatus
from tests.integration.hostile.conftest import HEAD, Run

SECRET = "hunter2-in-the-environment"


def test_who_waits_for_the_next_test_s_folder_leads_us_nowhere(run: Run, tmp_path: Path) -> None:
    """A job's next test is put down by us, who may be root, in a folder that the one before still holds: its link is not followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    before = elsewhere.stat()
    waits = f"""
      {HEAD}import fs from 'node:fs';
      setInterval(() => {{
        for (const n of [2, 3])
          try {{ fs.symlinkSync({str(elsewhere)!r}, `${{process.env.HOME}}/${{n}}`); }} catch {{}}
      }}, 0).unref();
      test('waits', async () => {{}});
    """
    first = run(waits, kind=RunKind.JOB, test_id="1")
    first.close()
    second = run(f"{HEAD}test('comes after', async () => {{}});\n", kind=RunKind.JOB, test_id="2")

    assert first.kept
    assert [TestStatus.PASSED] * 2 == [first.verdict.status, second.verdict.status], second.verdict.message
    assert [] == list(elsewhere.iterdir())
    assert (before.st_uid, before.st_mode) == (elsewhere.stat().st_uid, elsewhere.stat().st_mode)


def as_equals(argv: list[str]) -> list[str]:
    """Let a program be what another of its uid is to it: without the rights that make root more than that."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", *argv] if os.geteuid() == 0 else argv


#: Programs of ours that have keys in their environments, by what starts them and what they say when they are up.
KEEPERS = {
    "a worker": ["-m", "local.worker", "standin", "{channel}"],
    "the HTTP functions": ["-m", "local.http", "{port}"],
    "the emulator": ["-m", "hypercorn", "local.guard:app", "--bind", "fd://{port}", "--workers", "0"],
}


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[list[str]], subprocess.Popen[bytes]]]:
    """Start a program with a secret in its environment, and a socket that it serves."""
    with ExitStack() as closing:

        def start(argv: list[str]) -> subprocess.Popen[bytes]:
            listening = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
            ours, theirs = (closing.enter_context(end) for end in socket.socketpair())
            assert ours
            environment = {
                "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path), "TMPDIR": str(tmp_path),
                "AWS_ACCESS_KEY_ID": SECRET, "GATEWAY_PORT": str(listening.getsockname()[1]), "SERVICES": "sqs", "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0", "DOCKER_HOST": "unix:///nowhere",
            }  # fmt: skip
            numbers = {"port": listening.fileno(), "channel": theirs.fileno()}
            command = as_equals([part.format(**numbers) for part in argv])
            process = closing.enter_context(
                subprocess.Popen(command, env=environment, pass_fds=numbers.values(), stderr=subprocess.DEVNULL)
            )
            closing.callback(process.kill)
            return process

        yield start


def stolen(process: subprocess.Popen[bytes]) -> bool:
    """Whether another program of the same uid reads the secret out of a process's environment."""
    read = subprocess.run(as_equals(["cat", f"/proc/{process.pid}/environ"]), capture_output=True, check=False)
    return SECRET.encode() in read.stdout


@pytest.mark.parametrize("keeper", KEEPERS)
def test_what_has_our_keys_hides_them_from_its_equals(
    keeper: str, started: Callable[[list[str]], subprocess.Popen[bytes]]
) -> None:
    """Where there is no sandbox, scripts have our uid: they see a program that hides nothing, and not what these know."""
    plain, hidden = started(["sleep", "60"]), started([sys.executable, *KEEPERS[keeper]])
    end = time.monotonic() + 20
    while stolen(hidden) and time.monotonic() < end:  # until it is up
        time.sleep(0.05)
    time.sleep(0.3)

    assert [None, None] == [plain.poll(), hidden.poll()]
    assert stolen(plain)
    assert not stolen(hidden)
