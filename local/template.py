"""The synthesized stack. CDK takes seconds, so its result is kept until something that it is made of changes."""

import hashlib
import importlib.metadata
import tempfile
from pathlib import Path

from infra.build.bundles import ROOT, BuildError
from infra.build.template import search_path, synthesize
from local.errors import StackError
from local.processes import DIE_WITH_US

__all__ = ["ROOT", "search_path", "template"]

_CACHE = ROOT / ".cache"


def template() -> str:
    """Give the embedded stack's CloudFormation template as JSON, synthesized now or at some time before.

    Raises:
        StackError: if it cannot be synthesized.
    """
    kept = _CACHE / f"template-{_key()}.json"
    if not kept.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE, prefix="synth-") as folder:
            try:
                made = synthesize(Path(folder), "--embedded", wrapper=DIE_WITH_US)
            except BuildError as error:
                raise StackError(str(error)) from error
            whole = Path(folder) / "whole.json"
            whole.write_text(next(iter(made.values())), encoding="utf-8")
            whole.replace(kept)
    return kept.read_text(encoding="utf-8")


def _key() -> str:
    digest = hashlib.sha256(importlib.metadata.version("aws-cdk-lib").encode())
    sources = [
        *sorted((ROOT / "infra").glob("*.py")),
        ROOT / "infra" / "build" / "template.py",
        ROOT / "src" / "matinee" / "http" / "site.py",
        ROOT / "cdk.json",
        ROOT / "layers" / "playwright" / "package.json",
    ]
    for source in sources:
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]
