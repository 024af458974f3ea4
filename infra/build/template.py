"""The synthesized templates. CDK runs on Node, which is the virtual environment's."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.build.bundles import ROOT, BuildError

_SECONDS = 300.0


def synthesize(folder: Path, *options: str, wrapper: Sequence[str] = ()) -> dict[str, str]:
    """Run the CDK app (infra/app.py) in a process of its own; give its templates by their stacks' names, without indentation.

    Args:
        folder: Where it writes, and leaves its temporary files.
        options: The app's options.
        wrapper: A program that is to run it, with its arguments.

    Raises:
        BuildError: with what CDK says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [*wrapper, sys.executable, "-m", "infra.app", str(folder), *options],
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
        raise BuildError(f"CDK did not synthesize the stack within {_SECONDS:.0f} s. Start again.") from error
    if done.returncode != 0:
        raise BuildError(f"CDK could not synthesize the stack:\n{done.stderr.strip()[-2000:]}")
    ending = ".template.json"
    return {file.name.removesuffix(ending): compact(file.read_text("utf-8")) for file in folder.glob(f"*{ending}")}


def compact(template: str) -> str:
    """Leave CDK's indentation out, a third of what it writes: a request to CloudFormation takes 51,200 bytes."""
    return json.dumps(json.loads(template), separators=(",", ":"))


def search_path() -> str:
    """Give a PATH that finds the virtual environment's programs first, Node among them."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
