"""What builds and runs images here, in a storage and with settings of the tests' own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("buildah", "podman", "runc", "debootstrap", "netavark", "iptables", "uidmap")

_PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
_SETTINGS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
"""


def missing() -> str | None:
    """Tell in a sentence what the tests need and this machine lacks, if anything."""
    if os.geteuid() != 0:
        return "The image tests need root: they make file systems and cgroups."
    if lacking := [name for name in _PROGRAMS if shutil.which(name) is None]:
        return f"The image tests need {', '.join(lacking)}: apt-get install {' '.join(PACKAGES)}"
    return None


def install() -> None:
    """Install what is lacking, with Debian's own packages; say why not, where that cannot be."""
    lacking = missing()
    if lacking and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(f"  {lacking}\n")
        how = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-qq", "-o", "DPkg::Lock::Timeout=400"]
        subprocess.run(["apt-get", *wait, "update"], check=True, env=how)
        quiet = ["--yes", "--no-install-recommends"]
        subprocess.run(["apt-get", *wait, "install", *quiet, *PACKAGES], check=True, env=how, stdout=subprocess.DEVNULL)
        lacking = missing()
    if lacking:
        sys.exit(lacking)


class ToolError(Exception):
    """A program failed; the message has its last words."""


class Tools:
    """buildah and podman on one storage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "containers.conf"
        settings.write_text(_SETTINGS)
        self._environment = {**os.environ, "CONTAINERS_CONF": str(settings), "TMPDIR": str(folder)}

    def run(self, program: str, *arguments: str, stdin: Any = subprocess.DEVNULL, seconds: float = 120) -> str:
        """Run buildah or podman; give what it printed.

        Raises:
            ToolError: if it fails.
        """
        storage = ("--root", str(self._folder / "storage"), "--runroot", str(self._folder / "run"))
        done = subprocess.run(
            [program, *storage, "--storage-driver", "overlay", *arguments],
            cwd=ROOT, env=self._environment, stdin=stdin, capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
        if done.returncode:
            raise ToolError(f"`{program} {arguments[0]}` failed:\n{(done.stderr or done.stdout).strip()[-4000:]}")
        return done.stdout.strip()

    def close(self) -> None:
        """Take away what the storage has mounted, which outlives its programs."""
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in sorted((one for one in mounts if Path(one).is_relative_to(self._folder)), reverse=True):
            subprocess.run(["umount", "--lazy", mount], check=True)


if __name__ == "__main__":
    install()
