"""The ports that people's browsers come to."""

import errno
import socket
from contextlib import suppress

from local.errors import StackError

_TRIES = 20


def listen(port: int, setting: str) -> list[socket.socket]:
    """Listen on `port`, 0 for a free one, at each loopback address there is, IPv4's first.

    To a browser `localhost` is any of them: at one that we left free, a script could serve what it is taken for.

    Raises:
        StackError: if it cannot be had; it names the `setting` that says which.
    """
    for _ in range(_TRIES):
        listening = [_at("127.0.0.1", port, setting)]
        try:
            if _has_ipv6():
                listening.append(_at("::1", listening[0].getsockname()[1], setting))
        except StackError:
            listening[0].close()
            if port:
                raise
            continue  # the free one was free at one address only
        return listening
    raise StackError(f"No free port was found. Set {setting} to one.")


def _at(address: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=1024)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (while")[0]
        raise StackError(
            f"Port {port} cannot be had: {why}. Stop the program that has it, or set {setting} to another."
        ) from error


def _has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as error:
            return error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
        return True
    return False
