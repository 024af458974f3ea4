"""The Python packages of groups in uv.lock: the wheel that each platform takes of each, its hash and licence."""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, cast

from packaging.markers import Marker, default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags, sys_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from infra.build.bundles import PLATFORM, PYTHON, ROOT
from infra.supply.licences import licences
from infra.supply.parts import Component, Listed

#: glibc's minor versions: of what the zip functions are built for (`PLATFORM`), and of Debian 13, which the image is made of.
ZIP_GLIBC = int(PLATFORM.rpartition("_")[2])
IMAGE_GLIBC = 41


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where packages run: the wheels that fit, the best first, and what markers see."""

    tags: tuple[Tag, ...]
    environment: Mapping[str, str]
    metadata: Mapping[str, Message]  #: of the packages that are installed, by their names


def here() -> Target:
    """Give this machine, and what its virtual environment has."""
    environment = cast("dict[str, str]", default_environment())
    return Target(tags=tuple(sys_tags()), environment=environment, metadata=_metadata(None))


def in_aws(glibc: int, metadata: Mapping[str, Message]) -> Target:
    """Give what functions run on: Lambda's Python, x86-64."""
    version = tuple(int(part) for part in PYTHON.split("."))
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(glibc, 4, -1)]
    platforms += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]
    tags = (
        *cpython_tags(version, platforms=platforms),
        *compatible_tags(version, f"cp{''.join(PYTHON.split('.'))}", platforms),
    )
    environment = {
        **cast("dict[str, str]", default_environment()),
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }
    return Target(tags=tags, environment=environment, metadata=metadata)


def installed_for_aws(groups: Sequence[str], folder: Path) -> Mapping[str, Message]:
    """Install what functions have into a folder, for what it says of itself; give that."""
    shutil.rmtree(folder, ignore_errors=True)
    wanted = folder.with_suffix(".txt")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(_uv("export", *_only(groups)), encoding="utf-8")
    options = ["--quiet", "--target", str(folder), "--python-platform", PLATFORM, "--python-version", PYTHON]
    _uv(
        "pip",
        "install",
        *options,
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--requirements",
        str(wanted),
    )
    return _metadata(folder)


def listed(groups: Sequence[str], target: Target) -> Listed:
    """List the packages of groups, as far as they are for this target; without a group: what a checkout has."""
    preview = ["--format", "cyclonedx1.5", "--preview-features", "sbom-export"]
    exported = json.loads(_uv("export", *_only(groups), *preview))
    locked = {package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    found = [one for one in exported["components"] if _is_for(one, target)]
    refs = {one["bom-ref"]: one["purl"] for one in found}
    needs = {
        refs[one["ref"]]: sorted(refs[ref] for ref in one.get("dependsOn", []) if ref in refs)
        for one in exported["dependencies"]
        if one["ref"] in refs
    }
    return Listed(components=tuple(_component(one, locked[one["name"]], target) for one in found), needs=needs)


def _component(found: Component, locked: Mapping[str, Any], target: Target) -> Component:
    wheels = {tag: each for each in locked["wheels"] for tag in parse_wheel_filename(_name(each["url"]))[3]}
    wheel = next(wheels[tag] for tag in target.tags if tag in wheels)
    metadata = target.metadata.get(canonicalize_name(found["name"]))
    told = licences(metadata) if metadata else []
    return {
        "type": "library",
        "bom-ref": found["purl"],
        "name": found["name"],
        "version": found["version"],
        "purl": found["purl"],
        "hashes": [{"alg": "SHA-256", "content": wheel["hash"].removeprefix("sha256:")}],
        "externalReferences": [{"type": "distribution", "url": wheel["url"]}],
        **({"licenses": told} if told else {}),
    }


def _is_for(found: Component, target: Target) -> bool:
    markers = [each["value"] for each in found.get("properties", []) if each["name"] == "uv:package:marker"]
    return all(Marker(marker).evaluate(dict(target.environment)) for marker in markers)


def _metadata(folder: Path | None) -> dict[str, Message]:
    found = distributions() if folder is None else distributions(path=[str(folder)])
    return {canonicalize_name(each.metadata["Name"]): cast("Message", each.metadata) for each in found}


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _only(groups: Sequence[str]) -> list[str]:
    return ["--frozen", "--quiet", "--no-emit-project", *(part for group in groups for part in ("--only-group", group))]


def _uv(*arguments: str) -> str:
    uv = str(Path(sys.executable).with_name("uv"))
    return subprocess.run([uv, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
