"""Requests as no well-behaved client would send them."""

import http.client
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

#: What servers of HTTP know no header to have: controls end it, or are refused, before an app hears of it.
VALUES = st.one_of(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40).map(
        lambda text: text.encode("latin-1")
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20).map(str.encode),
    st.integers(1, 4_000).map(lambda size: b"9" * size),
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return str(self.headers.get("content-type", "")).partition(";")[0]

    @property
    def refused(self) -> bool:
        """Whether the server itself refused what is no HTTP, and no app has heard of it."""
        return (self.status, self.kind) == (400, "text/plain")


def ask(url: str, target: bytes, headers: Sequence[tuple[bytes, bytes]], *, method: str = "GET") -> Answer:
    """Send a request byte by byte; an answer that is none raises."""
    host = url.removeprefix("http://")
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target), b"Host: " + host.encode(), b"Connection: close"]
    lines += [name + b": " + value for name, value in headers]
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=30) as connection:
        connection.sendall(b"\r\n".join([*lines, b"", b""]))
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return Answer(response.status, response.headers, response.read())
