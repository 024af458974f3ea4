"""The image, built from the Dockerfile on a stand-in for its base: Debian's own packages, and whom this machine trusts."""

import shutil
import subprocess
from pathlib import Path

from tests.image.tools import ROOT, Tools

BASE = "localhost/matinee-base:trixie"
IMAGE = "localhost/matinee:test"

_BUILD_SECONDS = 1200
_TRUSTED = Path("/usr/local/share/ca-certificates")
#: Where programs that bring certificates of their own find those of the machine, once they are installed.
_FOUND = "/etc/ssl/certs/ca-certificates.crt"


def build(tools: Tools, folder: Path) -> str:
    """Build the image, taking what is in the storage already; give its name."""
    if not tools.run("podman", "images", "--quiet", BASE):
        _base(tools, folder / "base")
    tools.run(
        "buildah", "bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--quiet",
        "--build-arg", f"BASE={BASE}", "--file", str(ROOT / "functions" / "run_test" / "Dockerfile"), "--tag", IMAGE, str(ROOT),
        seconds=_BUILD_SECONDS,
    )  # fmt: skip
    return IMAGE


def _base(tools: Tools, root: Path) -> None:
    """Make what stands in for debian:trixie-slim, which a machine without a registry cannot have."""
    try:
        subprocess.run(["debootstrap", "--variant=minbase", "trixie", str(root)], check=True, stdout=subprocess.DEVNULL)
        if _TRUSTED.is_dir():
            shutil.copytree(_TRUSTED, root / _TRUSTED.relative_to("/"), dirs_exist_ok=True)
        for folder in (
            "var/cache/apt/archives",
            "var/lib/apt/lists",
            "usr/share/doc",
            "usr/share/man",
            "usr/share/locale",
        ):
            shutil.rmtree(root / folder, ignore_errors=True)  # as in the slim image
            (root / folder).mkdir()
        told = [f"--change=ENV {name}={_FOUND}" for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")]
        with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as packed:
            tools.run("podman", "import", *told, "-", BASE, stdin=packed.stdout)
    finally:
        shutil.rmtree(root, ignore_errors=True)
