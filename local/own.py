"""What of this machine is the stack's own, and nothing that a script may connect to."""

import socket
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from psycopg import ProgrammingError, conninfo

_POSTGRES = "5432"


def places(urls: Iterable[str], *, database_url: str) -> str:
    """Name the ports behind `urls`, which are this machine's, and where the database is, unless on a socket in a folder (model/egress.py)."""
    ports = (f"here:{urlsplit(url).port}" for url in urls)
    return " ".join(dict.fromkeys([*ports, *_of_database(database_url)]))


def _of_database(url: str) -> Iterator[str]:
    try:
        told = conninfo.conninfo_to_dict(url)
    except ProgrammingError:
        return  # whoever connects to it will say so
    hosts = str(told.get("hostaddr") or told.get("host") or "").split(",")
    ports = str(told.get("port") or _POSTGRES).split(",")
    for number, host in enumerate(hosts):
        if host and not host.startswith(("/", "@")):
            port = ports[min(number, len(ports) - 1)] or _POSTGRES
            yield from _addresses(host, port)


def _addresses(host: str, port: str) -> Iterator[str]:
    """Give what a host's name stands for now. An address of this machine's has others, so its port is ours on all of them."""
    try:
        found = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, int(port))}
    except OSError:
        return
    for address in sorted(found):
        yield f"[{address}]:{port}"
        if _is_here(address):
            yield f"here:{port}"


def _is_here(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
