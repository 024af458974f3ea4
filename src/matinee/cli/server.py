"""Which Matinee the command talks to, and with which key."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from matinee.model.errors import MatineeError


class CannotRunError(MatineeError):
    """The command cannot do what it was asked to; its text tells a person why."""


@dataclass(frozen=True)
class Server:
    """An address without a path, and the key to it."""

    url: str
    key: str | None = field(repr=False)
    is_temporary: bool = False  #: it ends with this command

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return _is_loopback(httpx.URL(self.url).host)


def home() -> Path:
    """Give the folder that holds the local stack's state."""
    return Path(os.environ.get("MATINEE_HOME") or ".matinee")


def port() -> int:
    """Give the port of the local stack.

    Raises:
        CannotRunError: if MATINEE_PORT is no port.
    """
    text = os.environ.get("MATINEE_PORT") or "8400"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise CannotRunError(f"MATINEE_PORT is {text!r}, which is no port.")
    return int(text)


def named(option: str | None) -> str | None:
    """Give the server that the user named, by option or environment."""
    return option or os.environ.get("MATINEE_SERVER") or None


def locate(option: str | None) -> Server:
    """Give the server that the user named, or the local stack's address.

    Raises:
        CannotRunError: if that is no address.
    """
    url = (named(option) or f"http://127.0.0.1:{port()}").rstrip("/")
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise CannotRunError(f"{url} is no server's address; it looks like http://127.0.0.1:8400.")
    return Server(url, _key(parts.host))


def answers(server: Server) -> bool:
    """Tell whether anything answers there."""
    try:
        httpx.get(f"{server.url}/api/health", timeout=10, trust_env=not server.is_local)
    except httpx.HTTPError:
        return False
    return True


def _key(host: str) -> str | None:
    if key := os.environ.get("MATINEE_API_KEY"):
        return key.strip()
    if not _is_loopback(host):
        return None  # the local stack's key is nobody else's business
    try:
        return (home() / "api-key").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
