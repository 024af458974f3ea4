"""What only a program of its own can try on the kernel: run with a JSON document of ports, it tells what became of each attack.

Nothing but the standard library, for it runs as a script's child would, with whatever Python there is.
"""

import ctypes
import errno
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

AIMS = json.loads(sys.argv[1])
OPEN, CLOSED = AIMS["open"], AIMS["closed"]
LIBC = ctypes.CDLL(None, use_errno=True)
CONNECT, SECCOMP = {"x86_64": (42, 317), "aarch64": (203, 277)}[os.uname().machine]
MSG_FASTOPEN = 0x20000000
TCP_FASTOPEN_CONNECT = 30


def became(attack: Callable[[], object]) -> str:
    """Give the name of the error that an attack ended with, or what it brought."""
    try:
        return str(attack())
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))


def syscall(number: int, *arguments: object) -> int:
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    result = LIBC.syscall(number, *wide)
    if result == -1:
        raise OSError(ctypes.get_errno(), "")
    return int(result)


def tcp(host: str, port: int) -> object:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as one:
        one.settimeout(5)
        return one.connect((host, port))


def blocking(host: str, port: int) -> object:
    with socket.socket() as one:
        return one.connect((host, port))


def datagram(host: str, port: int) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.sendto(b"x", (host, port))


def nonblocking(host: str, port: int) -> str:
    with socket.socket() as one:
        one.setblocking(False)
        return errno.errorcode[one.connect_ex((host, port))]


def fast_open(send: str) -> object:
    with socket.socket() as one:
        if send == "sendto":
            return one.sendto(b"x", MSG_FASTOPEN, ("127.0.0.1", CLOSED))
        return one.sendmsg([b"x"], [], MSG_FASTOPEN, ("127.0.0.1", CLOSED))


def fast_open_connect() -> object:
    """It is connect that names the destination, but only the first send that goes there."""
    with socket.socket() as one:
        one.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        one.connect(("127.0.0.1", CLOSED))
        return one.send(b"x")


def address(port: int) -> bytes:
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton("127.0.0.1"))


def race_of_addresses() -> str:
    """Another thread changes the address while the kernel, or whoever judges it, reads it."""
    room = ctypes.create_string_buffer(address(OPEN), 16)
    ports = [struct.pack("!H", OPEN), struct.pack("!H", CLOSED)]
    over = threading.Event()

    def flip() -> None:
        while not over.is_set():
            for port in ports:
                ctypes.memmove(ctypes.addressof(room) + 2, port, 2)

    flipper = threading.Thread(target=flip)
    flipper.start()
    results = set()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            results.add(LIBC.connect(one.fileno(), room, 16))
            if results == {0}:
                continue
    over.set()
    flipper.join()
    return " ".join(sorted("connected" if one == 0 else "refused" for one in results))


def race_of_descriptors() -> str:
    """Another thread puts another socket under the number that is judged."""
    over = threading.Event()
    unix, internet = socket.socket(socket.AF_UNIX), [socket.socket()]
    number = os.dup(unix.fileno())

    def swap() -> None:
        while not over.is_set():
            os.dup2(internet[0].fileno(), number)
            os.dup2(unix.fileno(), number)

    swapper = threading.Thread(target=swap)
    swapper.start()
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        LIBC.connect(number, address(CLOSED), 16)
    over.set()
    swapper.join()
    return "tried"


def foreign_numbers() -> object:
    """x86-64 has its calls twice: with a bit in their numbers they take pointers of 32 bits."""
    with socket.socket() as one:
        return syscall(0x40000000 | CONNECT, one.fileno(), address(CLOSED), 16)


def listener_of_our_own() -> object:
    """Whoever hears a call last may let it pass: a listener before the one that is there."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000), 8)
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
    LIBC.prctl(38, 1, 0, 0, 0)
    return syscall(SECCOMP, 1, 1 << 3, program)


def listeners_left_open() -> list[int]:
    """The listener itself, if somebody forgot to close it."""
    found = []
    for number in range(256):
        try:
            fcntl.ioctl(number, 0x40082102, struct.pack("Q", 0))
        except OSError as error:
            if error.errno == errno.ENOENT:  # what a listener says of a call that it does not know
                found.append(number)
    return found


def another_socket(family: int, kind: int, protocol: int = 0) -> str:
    socket.socket(family, kind, protocol).close()
    return "made"


def source_route() -> object:
    with socket.socket() as one:
        return one.setsockopt(socket.IPPROTO_IP, 4, bytes([131, 7, 4, 169, 254, 169, 254, 0]))


def unix(path: str, kind: int = socket.SOCK_STREAM) -> object:
    with socket.socket(socket.AF_UNIX, kind) as one:
        return one.connect(path)


def unix_of_our_own() -> str:
    folder = AIMS["folder"]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen()
        os.chdir(folder)
        for path in (f"{folder}/s", "s"):
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(path)
            peer, _ = server.accept()
            uid = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
            peer.close()
            if uid != os.getuid():
                return f"the other end is {uid}"
    Path(folder, "s").unlink()
    return "connected"


def attacks() -> Iterator[tuple[str, Callable[[], object]]]:
    yield "open", lambda: tcp("127.0.0.1", OPEN)
    yield "open, blocking", lambda: blocking("127.0.0.1", OPEN)
    yield "open, non-blocking", lambda: nonblocking("127.0.0.1", OPEN)
    yield "open, datagram", lambda: datagram("127.0.0.1", OPEN)
    for host in AIMS["hosts"]:
        yield f"closed, {host}", lambda host=host: tcp(host, CLOSED)  # type: ignore[misc]
    yield "closed, blocking", lambda: blocking("127.0.0.1", CLOSED)
    yield "closed, non-blocking", lambda: nonblocking("127.0.0.1", CLOSED)
    yield "closed, datagram", lambda: datagram("127.0.0.1", CLOSED)
    for host in AIMS["private"]:
        yield f"private, {host}", lambda host=host: tcp(host, 80)  # type: ignore[misc]
    yield "fast open, sendto", lambda: fast_open("sendto")
    yield "fast open, sendmsg", lambda: fast_open("sendmsg")
    yield "fast open, connect", fast_open_connect
    yield "race of addresses", race_of_addresses
    yield "race of descriptors", race_of_descriptors
    yield "io_uring", lambda: syscall(425, 8, ctypes.create_string_buffer(256))
    yield "foreign numbers", foreign_numbers
    yield "listener of our own", listener_of_our_own
    yield "listeners left open", listeners_left_open
    yield "packets", lambda: another_socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "hypervisor", lambda: another_socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    yield "kernel's cryptography", lambda: another_socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    yield "sctp", lambda: another_socket(socket.AF_INET, socket.SOCK_SEQPACKET, 132)
    yield "sctp as a stream", lambda: another_socket(socket.AF_INET6, socket.SOCK_STREAM, 132)
    yield "multipath", lambda: another_socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    yield "kernel's messages", lambda: another_socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
    yield "source route", source_route
    yield "interfaces", lambda: bool(socket.if_nameindex() and socket.getaddrinfo("127.0.0.1", OPEN))
    yield "unix, abstract", lambda: unix(f"\0{AIMS['abstract']}")
    yield "unix, abstract datagram", lambda: unix(f"\0{AIMS['abstract']}", socket.SOCK_DGRAM)
    yield "unix, of our own", unix_of_our_own
    yield "user namespace", lambda: syscall({"x86_64": 272, "aarch64": 97}[os.uname().machine], 0x10000000)
    yield "secret memory", lambda: syscall({"x86_64": 319, "aarch64": 279}[os.uname().machine], b"x\0", 0)


print(json.dumps({name: became(attack) for name, attack in attacks()}))
