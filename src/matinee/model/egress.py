"""Where a script may connect to: which addresses and ports are refused, and which are after all allowed.

Addresses are whole numbers of 128 bits, IPv4 among them as ::ffff:a.b.c.d, so that one rule covers both ways to write it. The supervisor,
which starts with each run, uses this without parsing anything.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

_DNS = 53
_V4 = 0xFFFF << 32  #: ::ffff:0:0/96
#: Networks whose addresses have an IPv4 address in them that some router or tunnel makes of them (RFC 6052, 3056, 4291, 7915): the network's
#: bits, how many they are, and how many bits stand to the right of the IPv4 address.
_EMBEDDING = ((0x0064_FF9B << 64, 96, 0), (0x2002, 16, 80), (0, 96, 0), (0xFFFF << 16, 96, 0))

#: What no address on the internet is (RFC 6890), but for loopback: private and shared networks, link-local ones with the metadata services
#: of clouds in them, multicast, what is reserved; and the one of Azure's that lies elsewhere.
PRIVATE = (
    "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4",
    "240.0.0.0/4", "168.63.129.16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip


class Place(NamedTuple):
    """Addresses, and one port of theirs or all."""

    network: int | None  #: the first of them; None stands for every address of this machine
    bits: int = 128  #: how many of its leading bits the others share
    port: int | None = None

    def covers(self, address: int, port: int, here: Callable[[int], bool]) -> bool:
        """Tell whether `address` and `port` are among these; `here` knows which addresses are this machine's."""
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return here(address)
        return (self.network ^ address) >> (128 - self.bits) == 0


class Egress(NamedTuple):
    """What is refused."""

    own: tuple[Place, ...] = ()  #: Matinee's own, which nothing opens
    denied: tuple[Place, ...] = ()  #: but for what is allowed, and for this machine itself
    allowed: tuple[Place, ...] = ()

    def permits(self, address: int, port: int, here: Callable[[int], bool]) -> bool:
        """Tell whether a script may connect there; `here` knows, besides loopback, which addresses are this machine's."""

        def is_here(candidate: int) -> bool:
            return _is_loopback(candidate) or here(candidate)

        def among(places: Iterable[Place], face: int) -> bool:
            return any(place.covers(face, port, is_here) for place in places)

        return not any(
            among(self.own, face) or (among(self.denied, face) and not among(self.allowed, face) and not is_here(face))
            for face in _faces(address)
        )


#: Refuses everything.
NOTHING = Egress(own=(Place(0, 0),))


def read_places(text: str) -> tuple[Place, ...]:
    """Read places, separated by spaces or commas: `10.0.0.0/8`, `10.0.0.7:443`, `[fd00::/8]:443`, `here:8400`.

    Raises:
        ValueError: naming the one that is none.
    """
    return tuple(read_place(word) for word in text.replace(",", " ").split())


def read_place(word: str) -> Place:
    """Read one place.

    Raises:
        ValueError: if it is none.
    """
    from ipaddress import ip_network  # noqa: PLC0415  the supervisor reads none, and starts without

    network, port = _split(word)
    if network == "here" and port is not None:
        return Place(None, port=port)
    try:
        found = ip_network(network)
    except ValueError as error:
        raise ValueError(f"{word!r} is no network: {error}") from error
    first = int(found.network_address)
    return Place(first, found.prefixlen, port) if found.version == 6 else Place(_V4 | first, 96 + found.prefixlen, port)  # noqa: PLR2004


def name_servers(resolv_conf: str) -> tuple[Place, ...]:
    """Give the name servers that a resolv.conf(5) names, and their port; what is no address there is passed over."""
    lines = (line.split() for line in resolv_conf.splitlines())
    named = [line[1].partition("%")[0] for line in lines if len(line) > 1 and line[0] == "nameserver"]
    found: list[Place] = []
    for address in named:
        with suppress(ValueError):
            found.append(read_place(f"[{address}]:{_DNS}"))
    return tuple(found)


def _split(word: str) -> tuple[str, int | None]:
    if word.startswith("["):
        network, closed, rest = word[1:].partition("]")
        port = rest.removeprefix(":") if closed and (not rest or rest.startswith(":")) else "?"
    elif word.count(":") > 1:
        network, port = word, ""
    else:
        network, colon, port = word.partition(":")
        port = port or "?" * len(colon)
    if not port:
        return network, None
    if not port.isascii() or not port.isdigit() or int(port) >= 1 << 16:
        raise ValueError(f"{word!r} has no port that could be one")
    return network, int(port)


def told(address: int, port: int) -> str:
    """Write an address and a port for people."""
    from ipaddress import IPv4Address, IPv6Address  # noqa: PLC0415  the supervisor tells numbers

    if address >> 32 == _V4 >> 32:
        return f"{IPv4Address(address & 0xFFFF_FFFF)}:{port}"
    return f"[{IPv6Address(address)}]:{port}"


def v4(address: int) -> int:
    """Give an IPv4 address as all addresses are written here."""
    return _V4 | address


def _is_loopback(address: int) -> bool:
    """Whether it is this machine on any machine: 127.0.0.0/8 and ::1; 0.0.0.0/8 and ::, which connect to it."""
    if address >> 32 == _V4 >> 32:
        return (address & 0xFFFF_FFFF) >> 24 in {0, 127}
    return address <= 1


def _faces(address: int) -> Iterator[int]:
    """Give the address, and the IPv4 address that it may stand for."""
    yield address
    for network, bits, right in _EMBEDDING:
        if address >> (128 - bits) == network and address > 1:
            yield v4(address >> right & 0xFFFF_FFFF)
