"""Debian's packages of an image: what its Dockerfile wrote down while apt knew it."""

import re
import shutil
import subprocess
from collections import defaultdict
from email.parser import Parser
from urllib.parse import quote

from infra.build.image import PROGRAMS
from infra.supply.parts import Component, Listed

#: Stanzas as apt shows them, and below them lines of the packages' copyright files.
FILE = "/usr/share/matinee/debian.txt"
_LICENCE = re.compile(r"^/usr/share/doc/([^/]+)/copyright:License:[ \t]*(.*)$", re.MULTILINE)


def of_image(image: str) -> Listed:
    """List what an image has that lies on this machine.

    Raises:
        SystemExit: if there is no program here that runs images, or it cannot.
    """
    program = next((found for found in PROGRAMS if shutil.which(found)), None)
    if program is None:
        raise SystemExit(f"To look into an image takes one of {', '.join(PROGRAMS)}, and none is here.")
    command = [program, "run", "--rm", "--network", "none", "--entrypoint", "cat", image, FILE]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"`{program} run` could not read {FILE} in {image}; it has said why.")
    return listed(done.stdout)


def listed(told: str) -> Listed:
    """Read the file."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for package, name in _LICENCE.findall(told):
        if name and name not in names[package]:
            names[package].append(name)
    stanzas = [each for each in _LICENCE.sub("", told).split("\n\n") if each.strip()]
    return Listed(components=tuple(_component(stanza.strip(), names) for stanza in stanzas))


def _component(stanza: str, names: defaultdict[str, list[str]]) -> Component:
    told = Parser().parsestr(stanza)
    name, version = told["Package"], told["Version"]
    purl = f"pkg:deb/debian/{quote(name, safe='')}@{quote(version, safe='')}?arch={told['Architecture']}&distro=trixie"
    component: Component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if told["SHA256"]:  # of the .deb; the archive has forgotten what it has replaced
        component["hashes"] = [{"alg": "SHA-256", "content": told["SHA256"]}]
    if names[name]:
        component["licenses"] = [{"license": {"name": each}} for each in names[name]]
    return component
