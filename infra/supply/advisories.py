"""What is publicly known to be wrong with what we ship: OSV for Python's packages, npm's registry for its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from infra.build.bundles import ROOT
from infra.build.template import search_path
from infra.supply.allowed import Accepted
from infra.supply.locks import NPM

OSV = "https://api.osv.dev/"
#: A source that has not answered by then is not waited for. All are asked at once.
PATIENCE_S = 8
#: Worse than this fails. What a source does not grade, counts as high.
_GRADES = ("low", "moderate", "high", "critical")
_FAILS = "high"
#: Tools of our own, of which nothing is shipped.
_NOT_SHIPPED = ("--no-group", "dev", "--no-group", "build")


@dataclass(frozen=True, kw_only=True)
class Advisory:
    """A known vulnerability of a package in the version that we have."""

    package: str
    names: tuple[str, ...]  #: its id, and its others
    grade: str
    title: str
    link: str
    cure: str  #: what to do, or that there is nothing yet

    def __str__(self) -> str:
        return f"{self.package}: {self.title} ({self.names[0]}, {self.grade}). {self.cure} {self.link}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one source said of one lock file."""

    lock: str
    source: str
    advisories: tuple[Advisory, ...] = ()
    silent: str | None = None  #: why it said nothing: then nothing was checked


def ask(*, osv: str = OSV, registry: str | None = None) -> list[Answer]:
    """Ask about all lock files, at once; `registry` is npm's own choice unless given."""
    with ThreadPoolExecutor() as threads:
        asked = [threads.submit(_python, osv), *(threads.submit(_npm, folder, registry) for folder in NPM)]
        return [each.result() for each in asked]


def judge(answers: Sequence[Answer], accepted: Sequence[Accepted], *, today: date) -> Iterator[str]:
    """Tell in sentences what must not be shipped."""
    for advisory in (each for answer in answers for each in answer.advisories):
        excuse = next((one for one in accepted if one.id in advisory.names), None)
        if excuse and excuse.until < today:
            yield f"{advisory} It was accepted until {excuse.until}: {excuse.reason}"
        elif not excuse and _GRADES.index(advisory.grade) >= _GRADES.index(_FAILS):
            yield f"{advisory} If it does not concern us, supply.toml takes it with a reason, for a time."


def _python(osv: str) -> Answer:
    lock, source = "uv.lock", "OSV"
    uv = str(Path(sys.executable).with_name("uv"))
    options = ["--frozen", *_NOT_SHIPPED, "--output-format", "json", "--service-url", osv]
    found, why = _run([uv, "audit", *options, "--preview-features", "audit-command,json-output"], cwd=ROOT)
    if found is None or "vulnerabilities" not in found:
        return _silent(lock, source, why)
    return Answer(lock=lock, source=source, advisories=tuple(_of_osv(each, osv) for each in found["vulnerabilities"]))


def _of_osv(found: Mapping[str, Any], osv: str) -> Advisory:
    dependency, fixed = found["dependency"], found["fix_versions"]
    names = (found["id"], *found["aliases"])
    cure = f"Fixed in {', '.join(fixed)}: uv lock --upgrade-package {dependency['name']}." if fixed else "No fix yet."
    package = f"{dependency['name']} {dependency['version']}"
    title = found["summary"] or found["id"]
    return Advisory(package=package, names=names, grade=_grade(names, osv), title=title, link=found["link"], cure=cure)


def _grade(names: Sequence[str], osv: str) -> str:
    """Ask for the grade, which uv does not tell; GitHub's advisories have one, Python's own have not."""
    for name in sorted(names, key=lambda each: not each.startswith("GHSA-")):
        try:
            told = httpx.get(f"{osv}v1/vulns/{name}", timeout=PATIENCE_S).raise_for_status().json()
            grade = str(told["database_specific"]["severity"]).lower()
        except (httpx.HTTPError, ValueError, LookupError, TypeError):
            continue
        if grade in _GRADES:
            return grade
    return _FAILS


def _npm(folder: str, registry: str | None) -> Answer:
    lock, source = f"{folder}/package-lock.json", "the npm registry"
    options = ["--omit=dev", "--package-lock-only", "--fetch-retries=0", f"--fetch-timeout={PATIENCE_S * 1000}"]
    chosen = [f"--registry={registry}"] if registry else []
    found, why = _run(["npm", "audit", "--json", *options, *chosen], cwd=ROOT / folder)
    if found is None or "vulnerabilities" not in found:
        return _silent(lock, source, why or str((found or {}).get("message", "")))
    advisories = {one.names[0]: one for each in found["vulnerabilities"].values() for one in _of_npm(each)}
    return Answer(lock=lock, source=source, advisories=tuple(advisories.values()))


def _of_npm(found: Mapping[str, Any]) -> Iterator[Advisory]:
    """Give the package's own advisories; those of what it depends on are told there."""
    cure = f"npm update {found['name']} has a fix." if found["fixAvailable"] else "No fix yet."
    for via in found["via"]:
        if isinstance(via, dict):
            names = (via["url"].rpartition("/")[2], str(via["source"]))
            package = f"{via['name']} {via['range']}"
            grade = via["severity"] if via["severity"] in _GRADES else "low"  # npm also knows `info`
            yield Advisory(package=package, names=names, grade=grade, title=via["title"], link=via["url"], cure=cure)


def _silent(lock: str, source: str, why: str) -> Answer:
    return Answer(lock=lock, source=source, silent=why or "it said nothing that could be understood")


def _run(command: Sequence[str], *, cwd: Path) -> tuple[Any, str]:
    """Give what the program says as JSON, or None and its last words."""
    environment = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": str(PATIENCE_S), "NODE_DISABLE_COMPILE_CACHE": "1"}
    try:
        done = subprocess.run(
            command, cwd=cwd, env={**os.environ, **environment, "PATH": search_path()}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"no answer within {PATIENCE_S} s"
    try:
        return json.loads(done.stdout), ""
    except ValueError:
        return None, (done.stderr.strip().splitlines() or ["it said nothing"])[-1].strip()
