"""The API in a process of its own, which the command finds by its environment. conftest makes these fixtures known."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from matinee import bootstrap


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of the workspace's, which the command finds."""
    key = bootstrap.keys().create(bootstrap.keys().ensure_workspace(), "cli")
    monkeypatch.setenv("MATINEE_API_KEY", key)
    return key


@pytest.fixture
def server(key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API, as the command reaches it."""
    assert key
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "local.http", str(listener.fileno())]
        with subprocess.Popen(command, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL) as process:
            monkeypatch.setenv("MATINEE_SERVER", url)
            yield url
            process.terminate()
