"""Whether everything that is installed is locked by its hash, and runs nothing as it is installed."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.build.bundles import ROOT
from infra.supply.allowed import Allowed

#: Folders with a package-lock.json, and where its packages are installed.
NPM = {"web": "web", "layers/playwright": "layers/playwright/.runtime"}
#: What pip installs uv from, before there is a uv.
UV = "requirements-uv.txt"

_SCRIPTS = {"preinstall", "install", "postinstall"}
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def faults(allowed: Allowed, root: Path = ROOT) -> list[str]:
    """Tell in sentences what is not locked, or would run something."""
    lock = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    found = [*_of_python(lock["package"], allowed), *_of_uv(lock["package"], root / UV)]
    if settings.get("no-build") is not True:
        found.append("pyproject.toml: [tool.uv] must have `no-build = true`, or a package could be built from source.")
    for folder, installed in NPM.items():
        found += _of_npm(root / folder, root / installed, folder, allowed)
    return found


def _of_python(packages: list[Any], allowed: Allowed) -> Iterator[str]:
    for package in packages:
        name, files = package["name"], [*package.get("wheels", []), package.get("sdist")]
        if not package.get("wheels") and name not in allowed.sources:
            yield f"uv.lock: {name} has no wheel; installing it would run its own code. Choose another, or see supply.toml."
        if "registry" not in package["source"] and name not in allowed.sources:
            yield f"uv.lock: {name} is of no registry."
        if any(file and not _HASH.fullmatch(file.get("hash", "")) for file in files):
            yield f"uv.lock: a file of {name} has no SHA-256."


def _of_uv(packages: list[Any], file: Path) -> Iterator[str]:
    """Hold the requirements that a first `pip` takes uv from against the lock."""
    [locked] = [package for package in packages if package["name"] == "uv"]
    wanted = {each["hash"] for each in [*locked["wheels"], locked["sdist"]]}
    text = file.read_text(encoding="utf-8")
    if f"uv=={locked['version']} " not in text or set(_HASH.findall(text)) != wanted:
        yield (
            f"{file.name} is not what uv.lock says:"
            f" .venv/bin/uv export --frozen --only-group uv --no-emit-project --output-file {file.name}"
        )


def _of_npm(folder: Path, installed: Path, name: str, allowed: Allowed) -> Iterator[str]:
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    for place, package in lock["packages"].items():
        told = place.rpartition("node_modules/")[2]
        if place and not package.get("integrity", "").startswith("sha512-"):
            yield f"{name}/package-lock.json: {told} has no SHA-512."
        if place and told not in allowed.scripts and _has_script(package, installed / place):
            yield f"{name}: {told} wants to run a script when it is installed. Choose another, or see supply.toml."
    settings = folder / ".npmrc"
    if not settings.exists() or "ignore-scripts=true" not in settings.read_text(encoding="utf-8").split():
        yield f"{name}/.npmrc must have `ignore-scripts=true`: npm would run what packages bring."


def _has_script(package: Mapping[str, Any], folder: Path) -> bool:
    """Not every registry tells; what is installed does. npm builds a package with a `binding.gyp` unasked."""
    if package.get("hasInstallScript"):
        return True
    try:
        told = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(_SCRIPTS & told.get("scripts", {}).keys()) or (folder / "binding.gyp").exists()
