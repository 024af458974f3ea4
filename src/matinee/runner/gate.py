"""Connects in a script's stead, where it may connect: the listener behind `bpf.connects`.

The kernel hands over each connect(2), and each sendto(2) that names a destination, while its caller waits. What lies in the caller's memory may change
at any moment, and so may what its descriptors stand for. So nothing is checked that the kernel would read again: the address is copied once,
the socket is taken (pidfd_getfd(2)), and the call is made here, on that socket, with that copy. A socket belongs to whoever has a
descriptor of it, so to its owner everything is as if it had connected by itself, a connection under way (EINPROGRESS) too.

Part of the supervisor, so stdlib only.
"""

import errno
import fcntl
import os
import select
import struct
import threading
from contextlib import ExitStack, suppress
from typing import NamedTuple

from matinee.model.egress import Egress, v4
from matinee.runner import kernel
from matinee.runner.kernel import number

_RECEIVE, _SEND, _IS_VALID = 0xC050_2100, 0xC018_2101, 0x4008_2102  # ioctls (seccomp_unotify(2))
_AF_UNSPEC, _AF_UNIX, _AF_NETLINK = 0, 1, 16
_AF_INET6 = 10
_INTERNET = {2, _AF_INET6}
_FAMILY = 2  # bytes of a name
_SOCK_STREAM = 1
_DISCARD = 9
_MSG_NOSIGNAL = 0x4000
#: Of a name and of a datagram, in bytes; more is none.
_MOST_NAME, _MOST_DATA = 128, 65_536
#: Each call that waits for its far end, a blocking connect, holds one thread.
_MOST_HANDS = 64
#: How many refused destinations are remembered by name; beyond these they are only counted.
_MOST_TOLD = 5


class _Call(NamedTuple):
    """A call that waits for its answer."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


class Gate:
    """Answers the calls of one tree of processes."""

    def __init__(self, listener: int, egress: Egress, *, uid: int | None) -> None:
        """Take the listener; `uid` is whom scripts are, where that is somebody else than us."""
        self._listener = listener
        self._egress = egress
        self._uid = uid
        self._lock = threading.Lock()
        self._hands = self._idle = 0
        self._refused: dict[tuple[int, int], None] = {}
        self._count = 0

    def open(self) -> None:
        """Begin to answer."""
        threading.stack_size(512 * 1024)
        self._more()

    def refused(self) -> tuple[int, list[tuple[int, int]]]:
        """Give how many connections were refused since the last time, and the first few addresses and ports."""
        with self._lock:
            count, refused = self._count, list(self._refused)
            self._count, self._refused = 0, {}
        return count, refused

    def _more(self) -> None:
        self._hands += 1
        self._idle += 1
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while (call := self._receive()) is not None:
            with self._lock:
                self._idle -= 1
                if not self._idle and self._hands < _MOST_HANDS:
                    self._more()
            value, code = 0, 0
            try:
                value = self._answer(call)
            except OSError as error:
                code = error.errno or errno.EACCES
            except Exception:  # noqa: BLE001  whatever a script made of its call, it must be answered, and others served
                code = errno.EINVAL
            with suppress(OSError):  # it was killed meanwhile
                fcntl.ioctl(self._listener, _SEND, struct.pack("QqiI", call.id, value, -code, 0))
            with self._lock:
                self._idle += 1

    def _receive(self) -> _Call | None:
        """Wait for the next call; None when nobody is left who could call."""
        while True:
            room = bytearray(80)
            try:
                fcntl.ioctl(self._listener, _RECEIVE, room)
            except OSError:  # whoever called was killed before we heard, or nobody is left
                if self._is_over():
                    return None
                continue
            identity, thread, _, called, _, _, *arguments = struct.unpack("QIIiIQ6Q", room)
            return _Call(identity, thread, called, tuple(arguments))

    def _is_over(self) -> bool:
        poll = select.poll()
        poll.register(self._listener, 0)
        return bool(poll.poll(0))

    def _answer(self, call: _Call) -> int:
        """Do what `call` asks for, and give its result.

        Raises:
            OSError: with what the caller shall get for an error.
        """
        with ExitStack() as closing:
            process = kernel.open_pid(call.thread)
            closing.callback(os.close, process)
            memory = os.open(f"/proc/{call.thread}/mem", os.O_RDONLY)
            closing.callback(os.close, memory)
            fcntl.ioctl(
                self._listener, _IS_VALID, struct.pack("Q", call.id)
            )  # so both are the caller's, not a successor's
            socket = kernel.take(process, call.arguments[0] & 0xFFFF_FFFF)
            closing.callback(os.close, socket)
            if call.number == number("connect"):
                name = self._checked(call, socket, _read(memory, call.arguments[1], call.arguments[2]), closing)
                with kernel.acting_as(self._uid):
                    kernel.connect(socket, name)
                return 0
            size, flags = call.arguments[2], call.arguments[3] & 0xFFFF_FFFF
            if size > _MOST_DATA and kernel.kind(socket) != _SOCK_STREAM:
                raise _error(errno.EMSGSIZE)
            data = _read(memory, call.arguments[1], min(size, _MOST_DATA), most=_MOST_DATA)
            name = self._checked(call, socket, _read(memory, call.arguments[4], call.arguments[5]), closing)
            with kernel.acting_as(self._uid):
                return kernel.sendto(socket, data, flags | _MSG_NOSIGNAL, name)

    def _checked(self, call: _Call, socket: int, name: bytes, closing: ExitStack) -> bytes:
        """Give the name of a destination that the call may reach, as we have to call it."""
        if len(name) < _FAMILY:
            raise _error(errno.EINVAL)
        domain, family = kernel.domain(socket), struct.unpack_from("H", name)[0]
        if family == _AF_UNSPEC and call.number == number("connect"):
            return name  # connects to nothing any more
        if domain in _INTERNET and family in _INTERNET:
            self._permit(call, socket, name)
        elif domain == family == _AF_UNIX:
            return self._below_root(call, name, closing)
        elif not domain == family == _AF_NETLINK:  # which asks the kernel, with the caller's rights
            raise _error(errno.EAFNOSUPPORT)
        return name

    def _permit(self, call: _Call, socket: int, name: bytes) -> None:
        address, port, scope = _destination(name)
        if self._egress.permits(address, port, lambda candidate: _is_ours(candidate, scope)):
            return
        # A datagram's socket is also connected to compare ways to a host, and nothing is sent (RFC 6724): that is nothing to tell.
        if kernel.kind(socket) == _SOCK_STREAM or call.number != number("connect"):
            with self._lock:
                self._count += 1
                if len(self._refused) < _MOST_TOLD:
                    self._refused[address, port] = None
        raise _error(errno.EACCES)

    def _below_root(self, call: _Call, name: bytes, closing: ExitStack) -> bytes:
        """Give another name of a socket in the file system: of that which the caller's name leads to, from the caller's root."""
        path = name[2:].partition(b"\0")[0]
        if not path:
            # Abstract names are no files: behind them is whoever has the network in common with us, the desktop among them, and some
            # believe everything that has their user's uid.
            raise _error(errno.EINVAL if len(name) == _FAMILY else errno.EACCES)
        folder = f"/proc/{call.thread}"
        if not path.startswith(b"/"):
            path = os.fsencode(os.readlink(f"{folder}/cwd")) + b"/" + path
        root = os.open(f"{folder}/root", os.O_PATH | os.O_DIRECTORY)
        closing.callback(os.close, root)
        with kernel.acting_as(self._uid):
            found = kernel.open_below(root, path)
        closing.callback(os.close, found)
        return struct.pack("H", _AF_UNIX) + f"/proc/self/fd/{found}".encode() + b"\0"


def _read(memory: int, address: int, size: int, *, most: int = _MOST_NAME) -> bytes:
    """Copy what lies in the caller's memory."""
    if size > most:
        raise _error(errno.EINVAL)
    try:
        found = os.pread(memory, size, address)
    except (OSError, OverflowError) as error:
        raise _error(errno.EFAULT) from error
    if len(found) < size:
        raise _error(errno.EFAULT)
    return found


def _destination(name: bytes) -> tuple[int, int, int]:
    """Read an internet address's binary form (ip(7), ipv6(7)): the address, as model.egress writes it, its port, its scope."""
    ipv6 = struct.unpack_from("H", name)[0] == _AF_INET6
    if len(name) < (24 if ipv6 else 16):
        raise _error(errno.EINVAL)
    port = int.from_bytes(name[2:4], "big")
    if not ipv6:
        return v4(int.from_bytes(name[4:8], "big")), port, 0
    scope = struct.unpack_from("I", name, 24)[0] if len(name) >= 28 else 0  # noqa: PLR2004  it is optional
    return int.from_bytes(name[8:24], "big"), port, scope


def _is_ours(address: int, scope: int) -> bool:
    """Whether an address is one of this machine's: the kernel reaches those from themselves."""
    import socket  # noqa: PLC0415  it takes long to load, and is seldom needed

    mapped = v4(address & 0xFFFF_FFFF) == address
    family = socket.AF_INET if mapped else socket.AF_INET6
    packed = address.to_bytes(16, "big")
    host = socket.inet_ntop(family, packed[-4:] if mapped else packed)
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, _DISCARD) if mapped else (host, _DISCARD, 0, scope))  # sends nothing
        except OSError:
            return False
        return bool(probe.getsockname()[0].partition("%")[0] == host)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
