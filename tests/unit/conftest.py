"""Unit tests reach no network, and no account of anybody's."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket

from tests.unit.infra_fixtures import assertions, embedded, match, template  # noqa: F401  fixtures

PARSER = Path(__file__).parents[2] / "layers/playwright/.runtime/node_modules/@babel/parser/lib/index.js"


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    disable_socket(allow_unix_socket=True)  # event loops wake themselves over a socket pair
    yield
    enable_socket()


@pytest.fixture(scope="session")
def babel() -> Path:
    """Babel's parser, as it stands in the pinned runtime."""
    assert PARSER.exists(), "the runtime is missing; `make test` installs it"
    return PARSER
