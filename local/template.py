"""The synthesized stack. CDK takes seconds, so its result is kept until something that it is made of changes."""

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.errors import StackError
from local.processes import DIE_WITH_US

ROOT = Path(__file__).parent.parent
_CACHE = ROOT / ".cache"
_SECONDS = 300.0


def template() -> str:
    """Give the stack's CloudFormation template as JSON, synthesized now or at some time before.

    Raises:
        StackError: if it cannot be synthesized.
    """
    kept = _CACHE / f"template-{_key()}.json"
    if not kept.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE, prefix="synth-") as folder:
            made = _synthesize(Path(folder))
            # CloudFormation takes 51,200 bytes in a request, and CDK's indentation is a third of what it writes.
            made.write_text(json.dumps(json.loads(made.read_text(encoding="utf-8")), separators=(",", ":")))
            made.replace(kept)
    return kept.read_text(encoding="utf-8")


def _key() -> str:
    digest = hashlib.sha256(importlib.metadata.version("aws-cdk-lib").encode())
    sources = [
        Path(__file__),
        *sorted((ROOT / "infra").glob("*.py")),
        ROOT / "cdk.json",
        ROOT / "layers" / "playwright" / "package.json",
    ]
    for source in sources:
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _synthesize(folder: Path) -> Path:
    try:
        done = subprocess.run(
            [*DIE_WITH_US, sys.executable, "-m", "infra.app", str(folder)],
            cwd=ROOT,
            env={"PATH": search_path(), "HOME": os.environ.get("HOME", "/"), "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"CDK did not synthesize the stack within {_SECONDS:.0f} s. Start again.") from error
    if done.returncode != 0:
        raise StackError(f"CDK could not synthesize the stack:\n{done.stderr.strip()[-2000:]}")
    return next(folder.glob("*.template.json"))


def search_path() -> str:
    """Give a PATH that finds the virtual environment's programs first, Node among them."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
