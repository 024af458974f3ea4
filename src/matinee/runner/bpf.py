"""What the kernel lets a script's processes call: programs of classic BPF (seccomp(2)), assembled here.

`connects` hands each way to a destination to the supervisor (gate.py), and closes the ways around it. `hardening` closes what a test has no
use for and what escapes have begun with: namespaces, in which whoever has no right has every right; and memory that nobody's count shows.
Part of the supervisor, so stdlib only.
"""

import errno
import os
import struct
from typing import NamedTuple, Union

from matinee.runner.kernel import number

_ALLOW = 0x7FFF_0000
_ASK = 0x7FC0_0000  # whoever listens answers in the kernel's stead
_REFUSE = 0x0005_0000  # with an errno in the low bits
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _MACHINE = 0, 4  # where a program finds what it is asked about
_AUDIT = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_X32 = 0x4000_0000  # other calls, under numbers with this bit
_WORD = 0xFFFF_FFFF

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_KINDS = 1, 2, 0xF
_NETLINK_ROUTE = 0
_TCP, _UDP, _PING, _PING6 = 6, 17, 1, 58
_MSG_FASTOPEN = 0x2000_0000
_IPPROTO_IP, _IP_OPTIONS = 0, 4
_NAMESPACES = 0x7E02_0000 | 0x80  # CLONE_NEWUSER, NEWNS, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP; NEWTIME
_ANY_NAMESPACE = 0x7E02_0000  # of clone(2), whose low bits are a signal

_Tree = Union[int, "_If"]


class _If(NamedTuple):
    """A branch: whether a word, with `mask`, equals `value`."""

    word: int  #: its place in what a program is asked about
    value: int
    yes: _Tree
    no: _Tree
    mask: int = _WORD


def connects() -> bytes:
    """Make the program that lets nothing reach a destination but through the gate.

    It costs no call but those named here: the kernel remembers which numbers it allows whatever their arguments (since 5.11).
    """
    named = _If(_low(4), 0, yes=_If(_high(4), 0, yes=_ALLOW, no=_ASK), no=_ASK)
    return _program(
        {
            "connect": _ASK,
            "sendto": _no_fast_open(3, named),
            "sendmsg": _no_fast_open(2, _ALLOW),
            "sendmmsg": _no_fast_open(3, _ALLOW),
            "socket": _sockets(),
            "socketpair": _If(_low(0), _AF_UNIX, yes=_ALLOW, no=_refused(errno.EAFNOSUPPORT)),
            # A route of its own choice would lead elsewhere than to the address that was checked.
            "setsockopt": _If(
                _low(1), _IPPROTO_IP, yes=_If(_low(2), _IP_OPTIONS, yes=_refused(errno.EPERM), no=_ALLOW), no=_ALLOW
            ),
            # It connects without a call that could be seen. Whoever uses it does without where it is missing.
            **dict.fromkeys(("io_uring_setup", "io_uring_enter", "io_uring_register"), _refused(errno.ENOSYS)),
        }
    )


def hardening() -> bytes:
    """Make the program that closes what no test needs. It may not stand before a sandbox that is still to be made."""
    return _program(
        {
            "unshare": _If(_low(0), 0, yes=_ALLOW, no=_refused(errno.EPERM), mask=_NAMESPACES),
            "clone": _If(_low(0), 0, yes=_ALLOW, no=_refused(errno.EPERM), mask=_ANY_NAMESPACE),
            "clone3": _refused(errno.ENOSYS),  # its flags lie in memory; the C library falls back to clone
            **dict.fromkeys(
                ("setns", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key"),
                _refused(errno.EPERM),
            ),
            **dict.fromkeys(("memfd_create", "memfd_secret", "shmget"), _refused(errno.ENOSYS)),
        }
    )


def _sockets() -> _Tree:
    """Allow the kinds of sockets that the gate knows: others connect to hypervisors, by other protocols, without a call that is seen."""
    kinds = _If(
        _low(1),
        _SOCK_STREAM,
        mask=_SOCK_KINDS,
        yes=_one_of(_low(2), 0, _TCP, otherwise=errno.EPROTONOSUPPORT),
        no=_If(
            _low(1),
            _SOCK_DGRAM,
            mask=_SOCK_KINDS,
            yes=_one_of(_low(2), 0, _UDP, _PING, _PING6, otherwise=errno.EPROTONOSUPPORT),
            no=_refused(errno.EPROTONOSUPPORT),
        ),
    )
    others = _If(
        _low(0),
        _AF_NETLINK,
        yes=_one_of(_low(2), _NETLINK_ROUTE, otherwise=errno.EPROTONOSUPPORT),
        no=_one_of(_low(0), _AF_UNIX, otherwise=errno.EAFNOSUPPORT),
    )
    return _If(_low(0), _AF_INET, yes=kinds, no=_If(_low(0), _AF_INET6, yes=kinds, no=others))


def _no_fast_open(flags: int, rest: _Tree) -> _Tree:
    """Refuse to send and connect in one; `flags` is the argument that has them."""
    return _If(_low(flags), 0, mask=_MSG_FASTOPEN, yes=rest, no=_refused(errno.EOPNOTSUPP))


def _one_of(word: int, *values: int, otherwise: int) -> _Tree:
    tree: _Tree = _refused(otherwise)
    for value in values:
        tree = _If(word, value, yes=_ALLOW, no=tree)
    return tree


def _refused(code: int) -> int:
    return _REFUSE | code


def _low(argument: int) -> int:
    return 16 + 8 * argument


def _high(argument: int) -> int:
    return _low(argument) + 4


def _program(calls: dict[str, _Tree]) -> bytes:
    """Assemble: a call of another machine's is refused, one that is named is judged, all others are allowed."""
    judged = b"".join(
        _instruction(_EQUAL, number(name), no=len(code) // 8) + code
        for name, code in ((name, _code(tree)) for name, tree in calls.items())
    )
    unknown = _code(_refused(errno.ENOSYS))
    of_machine = _instruction(_LOAD, _MACHINE) + _instruction(_EQUAL, _AUDIT[os.uname().machine], yes=1) + unknown
    of_its_own = _instruction(_LOAD, _NUMBER) + _instruction(_AT_LEAST, _X32, no=1) + unknown
    return of_machine + of_its_own + judged + _code(_ALLOW)


def _code(tree: _Tree) -> bytes:
    if isinstance(tree, int):
        return _instruction(_RETURN, tree)
    yes, no = _code(tree.yes), _code(tree.no)
    masked = _instruction(_AND, tree.mask) if tree.mask != _WORD else b""
    return _instruction(_LOAD, tree.word) + masked + _instruction(_EQUAL, tree.value, no=len(yes) // 8) + yes + no


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
