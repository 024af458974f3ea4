"""The system calls of Linux's that Python has no name for, and some that must reach one thread alone.

Part of the supervisor, so stdlib only. A call that fails raises OSError, as Python's own do.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
#: Without it kernels before 5.16 make every process below slower; what it keeps speculation from, browsers see to themselves.
_SPEC_ALLOW = 1 << 2
_NEW_LISTENER = 1 << 3
#: Lets a signal that is not deadly wait until its receiver was answered: the call is not begun twice. Since 5.19.
_WAIT_KILLABLE = 1 << 5
_PIDFD_THREAD = os.O_EXCL  # since 6.9
_RESOLVE_IN_ROOT = 0x10
_RESOLVE_NO_MAGICLINKS = 0x02
_SOL_SOCKET, _SO_TYPE, _SO_DOMAIN = 1, 3, 39
_UNCHANGED = -1

#: By machine: the numbers of calls. Those from 424 on are the same everywhere.
NUMBERS = {
    "x86_64": {
        "socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46, "socketpair": 53, "setsockopt": 54, "clone": 56, "shmget": 29,
        "setgroups": 116, "setresuid": 117, "setresgid": 119, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
        "perf_event_open": 298, "sendmmsg": 307, "setns": 308, "seccomp": 317, "memfd_create": 319, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "sendto": 206, "sendmsg": 211, "socketpair": 199, "setsockopt": 208, "clone": 220, "shmget": 194,
        "setgroups": 159, "setresuid": 147, "setresgid": 149, "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97,
        "perf_event_open": 241, "sendmmsg": 269, "setns": 268, "seccomp": 277, "memfd_create": 279, "bpf": 280, "userfaultfd": 282,
    },
}  # fmt: skip
_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
    "memfd_secret": 447,
}  # fmt: skip


@cache
def number(name: str) -> int:
    """Give the number of a call on this machine.

    Raises:
        KeyError: if this machine is of no kind that we know.
    """
    return {**NUMBERS[os.uname().machine], **_EVERYWHERE}[name]


def prctl(option: int, value: int) -> None:
    """Change how the kernel treats this process; elsewhere than on Linux nothing happens."""
    if os.uname().sysname == "Linux":
        _checked(_libc().prctl(option, value, 0, 0, 0))


def filter_calls(program: bytes, *, listen: bool) -> int | None:
    """Let `program` (BPF) decide over each system call of this process, and of all it starts; for ever.

    With `listen` it gives the descriptor at which calls wait for an answer.
    """
    if os.geteuid() != 0:
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    flags = [_SPEC_ALLOW]
    if listen:
        flags = [_SPEC_ALLOW | _NEW_LISTENER | _WAIT_KILLABLE, _SPEC_ALLOW | _NEW_LISTENER]
    for more in flags[:-1]:
        try:
            return _call("seccomp", _SECCOMP_SET_MODE_FILTER, more, told)
        except OSError:
            continue  # an older kernel does not know one of them
    listener = _call("seccomp", _SECCOMP_SET_MODE_FILTER, flags[-1], told)
    return listener if listen else None


def open_pid(thread: int) -> int:
    """Open a thread, that is, the process it is of; by that it stays the same one, whatever becomes of its number."""
    try:
        return os.pidfd_open(thread, _PIDFD_THREAD)
    except OSError:  # this kernel opens only those that lead their process
        with open(f"/proc/{thread}/status", "rb") as status:
            return os.pidfd_open(int(status.read().partition(b"\nTgid:")[2].split(None, 1)[0]))


def take(process: int, descriptor: int) -> int:
    """Give a descriptor of what a process, opened with `open_pid`, has under the number `descriptor`: the same file, not a copy."""
    return _call("pidfd_getfd", process, descriptor, 0)


def open_below(root: int, path: bytes) -> int:
    """Open the place of `path` as a process sees it whose root is the folder `root`, for being named and nothing else."""
    how = struct.pack("QQQ", os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    return _call("openat2", root, path, how, len(how))


def domain(socket: int) -> int:
    """Give a socket's address family."""
    return _option(socket, _SO_DOMAIN)


def kind(socket: int) -> int:
    """Give a socket's type: SOCK_STREAM, SOCK_DGRAM, ..."""
    return _option(socket, _SO_TYPE)


def connect(socket: int, address: bytes) -> None:
    """Connect a socket to an address in its binary form."""
    _checked(_libc().connect(socket, address, len(address)))


def sendto(socket: int, data: bytes, flags: int, address: bytes) -> int:
    """Send a datagram to an address in its binary form; give how many bytes went."""
    return _checked(_libc().sendto(socket, data, ctypes.c_size_t(len(data)), flags, address, len(address)))


@contextmanager
def acting_as(uid: int | None) -> Iterator[None]:
    """Let this thread, and no other, do what follows as `uid`, with no right that is not that one's; None changes nothing."""
    if uid is None:
        yield
        return
    _call("setgroups", 0, None)
    _call("setresgid", _UNCHANGED, uid, _UNCHANGED)
    _call("setresuid", _UNCHANGED, uid, _UNCHANGED)
    try:
        yield
    finally:
        _call("setresuid", _UNCHANGED, 0, _UNCHANGED)
        _call("setresgid", _UNCHANGED, 0, _UNCHANGED)


def _option(socket: int, name: int) -> int:
    value, size = ctypes.c_int(), ctypes.c_uint(4)
    _checked(_libc().getsockopt(socket, _SOL_SOCKET, name, ctypes.byref(value), ctypes.byref(size)))
    return value.value


def _call(name: str, *arguments: int | bytes | None) -> int:
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(_libc().syscall(number(name), *wide))


def _checked(result: int) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
