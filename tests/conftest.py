"""What all kinds of tests share."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp


class Client:
    """Asks an ASGI app in this process, without a socket; an app that raises answers as it would behind a server."""

    def __init__(self, app: ASGIApp, *, headers: dict[str, str] | None = None) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.headers = headers or {}

    def __call__(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Ask, and give the whole answer."""
        return asyncio.run(self._ask(method, path, headers=self.headers | (headers or {}), **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask with GET."""
        return self("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Ask with POST; `chunks` is a body whose length is not declared."""
        return self("POST", path, **more)

    async def _ask(self, method: str, path: str, *, chunks: list[bytes] | None = None, **more: Any) -> httpx.Response:
        async def body() -> Any:
            for chunk in chunks or []:
                yield chunk

        if chunks is not None:
            more["content"] = body()
        # Nothing is verified where nothing leaves the process; reading the certificates takes longer than the test.
        async with httpx.AsyncClient(transport=self._transport, base_url="http://matinee.test", verify=False) as client:
            return await client.request(method, path, **more)


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """Give what makes a client of an app."""
    return Client


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The pinned browser runtime; installed now if `make setup` has not."""
    install = Path(__file__).resolve().parents[1] / "layers" / "playwright" / "install.py"
    installed = subprocess.run([sys.executable, str(install)], check=True, stdout=subprocess.PIPE, text=True)
    return Path(installed.stdout.strip())
