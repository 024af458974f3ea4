"""Bills of materials in CycloneDX: of what is deployed, and of what is installed here. The same checkout gives the same bytes."""

import json
import subprocess
import sysconfig
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.build.bundles import ROOT
from infra.release import BUNDLES
from infra.supply import binaries, debian, npm, python
from infra.supply.parts import Component, Listed, Part, assembled

FOLDER = ROOT / ".cache" / "sbom"
_RUNTIME = ROOT / "layers" / "playwright"
_WEB = ROOT / "web"
#: submit has this one file of the runtime's (infra/build/bundles.py).
_PARSER = "pkg:npm/%40babel/parser@"
_BASE = "debian:trixie-slim"


def write(folder: Path = FOLDER, *, image: str | None = None) -> list[Path]:
    """Write both bills into a folder; `image`, if there is one, is asked what it has of Debian. Give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {"deployed": list(deployed(folder / "packages", image)), "local": [local()]}
    return [_write(folder / f"matinee-{name}.cdx.json", name, parts) for name, parts in found.items()]


def deployed(packages: Path, image: str | None) -> Iterator[Part]:
    """Give what stands in the cloud: the zip functions, the image, the web UI. What they have of Python is unpacked into a folder."""
    groups = {name: f"bundle-{name.replace('_', '-')}" for name in BUNDLES}
    metadata = python.installed_for_aws([*groups.values(), "image", "runtime"], packages)
    zipped, imaged = (python.in_aws(glibc, metadata) for glibc in (python.ZIP_GLIBC, python.IMAGE_GLIBC))
    runtime = npm.listed(_RUNTIME, shipped=True)
    for name, group in groups.items():
        listed = python.listed([group], zipped)
        if name == "submit":
            listed |= Listed(components=tuple(one for one in runtime.components if one["bom-ref"].startswith(_PARSER)))
        yield Part(name=name, kind="application", description="A function's zip file.", listed=listed)
    listed = binaries.with_runtime(python.listed(["image", "runtime"], imaged) | runtime)
    listed |= debian.of_image(image) if image else _debian_unseen()
    yield Part(name="image", kind="container", description="The image of run_test and merge_report.", listed=listed)
    ui = npm.listed(_WEB, shipped=True)
    yield Part(
        name="web", kind="application", description="The web UI, of which a browser gets what it imports.", listed=ui
    )


def local() -> Part:
    """Give what `make setup` installs here, what builds and tests among it."""
    listed = python.listed((), python.here())
    listed |= npm.listed(_RUNTIME, shipped=False) | npm.listed(_WEB, shipped=False)
    listed = binaries.with_local(binaries.with_runtime(listed), Path(sysconfig.get_path("purelib")))
    return Part(name="checkout", kind="application", description="What is installed in a checkout.", listed=listed)


def _debian_unseen() -> Listed:
    """Say of Debian what is known before the image is built: which base, and that python3 is added."""
    base = {
        "type": "container",
        "bom-ref": f"pkg:oci/{_BASE.replace(':', '?tag=')}",
        "name": "debian",
        "version": "trixie-slim",
    }
    python3 = {"type": "library", "bom-ref": "pkg:deb/debian/python3?distro=trixie", "name": "python3"}
    note = "Its packages are known once the image is built: make sbom IMAGE=..."
    components: list[Component] = [{**one, "purl": one["bom-ref"], "description": note} for one in (base, python3)]
    return Listed(components=tuple(components))


def _write(file: Path, name: str, parts: Sequence[Part]) -> Path:
    project = _project()["project"]
    version = str(project["version"])
    whole = {"type": "application", "bom-ref": "matinee", "name": "matinee", "version": version, "description": name}
    found = assembled(parts, version)
    told: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(found, sort_keys=True))}",
        "version": 1,
        "metadata": {**_made(), "component": {**whole, "licenses": [{"license": {"id": project["license"]}}]}},
        **found,
    }
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def _made() -> dict[str, Any]:
    """Give the time of the checkout's commit, for what is made of it is no newer; nothing where there is no git."""
    asked = ["git", "log", "--max-count=1", "--format=%cI %H"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return {}
    at, commit = done.stdout.split()
    return {"timestamp": at, "properties": [{"name": "matinee:commit", "value": commit}]}


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
