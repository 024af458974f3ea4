"""The packages of a package-lock.json, as npm itself lists them."""

import json
import os
import re
import subprocess
from pathlib import Path

from infra.build.template import search_path
from infra.supply.parts import Component, Listed

#: npm takes it for a name.
_EXPRESSION = re.compile(r" (OR|AND|WITH) ")
_KEPT = ("type", "name", "version", "purl", "hashes", "licenses")


def listed(folder: Path, *, shipped: bool) -> Listed:
    """List the packages, or of them only those that are `shipped`: not what we build and test with."""
    options = ["--package-lock-only", "--sbom-format=cyclonedx", *(["--omit=dev"] if shipped else [])]
    environment = {**os.environ, "PATH": search_path(), "NODE_DISABLE_COMPILE_CACHE": "1"}
    done = subprocess.run(
        ["npm", "sbom", "--loglevel=error", *options], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )  # fmt: skip
    told = json.loads(done.stdout)
    refs = {one["bom-ref"]: one["purl"] for one in told["components"]}
    needs = {
        refs[one["ref"]]: [refs[ref] for ref in one["dependsOn"]] for one in told["dependencies"] if one["ref"] in refs
    }
    return Listed(components=tuple(_component(one) for one in told["components"]), needs=needs)


def _component(found: Component) -> Component:
    kept = {name: found[name] for name in _KEPT if found.get(name)}
    if expressions := [name for name in _names(found) if _EXPRESSION.search(name)]:
        kept["licenses"] = [{"expression": expressions[0]}]
    return {"bom-ref": found["purl"], **kept}


def _names(found: Component) -> list[str]:
    return [one["license"].get("name", "") for one in found.get("licenses", []) if "license" in one]
