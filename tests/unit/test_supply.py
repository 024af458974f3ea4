"""What must hold of our supply chain, and that it is noticed when it does not."""

import json
import re
import shutil
from datetime import date
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

from infra.build.bundles import ROOT
from infra.supply import debian
from infra.supply.advisories import Advisory, Answer, ask, judge
from infra.supply.allowed import Accepted, Allowed
from infra.supply.licences import licences
from infra.supply.locks import NPM, faults
from tests.unit.played_advisories import played

FILES = (
    "uv.lock",
    "pyproject.toml",
    "requirements-uv.txt",
    *(f"{folder}/{name}" for folder in NPM for name in ("package-lock.json", ".npmrc")),
)
TODAY = date(2026, 12, 1)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What is held to account of a checkout, to be spoilt."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def spoil(checkout: Path, name: str, pattern: str, replacement: str) -> None:
    """Replace the first match in a file."""
    text = (checkout / name).read_text()
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    (checkout / name).write_text(changed)


def test_everything_is_locked_and_runs_nothing() -> None:
    """As it stands here, with what is installed."""
    assert [] == faults(Allowed.read())


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "told"),
    [
        ("uv.lock", r', hash = "sha256:[0-9a-f]+"', "", "has no SHA-256"),
        ("uv.lock", r'source = \{ registry = "[^"]+" \}', 'source = { git = "https://example.com/x" }', "is of no registry"),
        ("uv.lock", r"(?s)\nwheels = \[.*?\n\]", "", "has no wheel"),
        ("pyproject.toml", "no-build = true", "no-build = false", "no-build"),
        ("requirements-uv.txt", r"uv==[\d.]+", "uv==0.0.1", "requirements-uv.txt is not what uv.lock says"),
        ("requirements-uv.txt", "sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", "requirements-uv.txt is not what uv.lock says"),
        ("web/package-lock.json", '"integrity": "sha512-', '"integrity": "sha1-', "has no SHA-512"),
        ("layers/playwright/package-lock.json", '"integrity"', '"hasInstallScript": true, "integrity"', "wants to run a script"),
        ("web/.npmrc", "ignore-scripts=true", "", "web/.npmrc"),
    ],
)  # fmt: skip
def test_what_is_not_locked_or_would_run_something_is_told(
    checkout: Path, name: str, pattern: str, replacement: str, told: str
) -> None:
    spoil(checkout, name, pattern, replacement)

    [fault] = faults(Allowed.read(), checkout)

    assert told in fault


@pytest.mark.parametrize("sign", ["postinstall", "binding.gyp"])
def test_a_script_that_no_lock_tells_of_is_found_where_it_is_installed(checkout: Path, sign: str) -> None:
    """A registry may leave the mark out. Listed with a reason, it is let through."""
    installed = checkout / "web/node_modules/react"
    installed.mkdir(parents=True)
    (installed / "package.json").write_text(json.dumps({"scripts": {sign: "node x"}}))
    if sign == "binding.gyp":
        (installed / sign).touch()

    assert 1 == len(faults(Allowed.read(), checkout))
    assert [] == faults(Allowed(scripts={"react": "It works without."}, sources=Allowed.read().sources), checkout)


def test_the_image_takes_nothing_that_is_not_locked() -> None:
    """Debian's packages apart, which its archive's signature holds."""
    lines = (ROOT / "functions/run_test/Dockerfile").read_text().replace("\\\n", "").splitlines()
    installing = [
        part for line in lines if line.startswith("RUN") for part in line.split("&&") if "pip install" in part
    ]

    assert 3 == len(installing)
    assert all("--require-hashes" in each and "--only-binary :all:" in each for each in installing)


# what there is

DEBIAN = """Package: libc6
Version: 2.41-12
Architecture: amd64
Source: glibc
SHA256: 00ff

Package: tzdata
Version: 1:2026a+b
Architecture: all

/usr/share/doc/libc6/copyright:License: LGPL-2.1+
/usr/share/doc/libc6/copyright:License: GPL-2+
/usr/share/doc/libc6/copyright:License: LGPL-2.1+
/usr/share/doc/tzdata/copyright:License:
"""


def test_what_an_image_has_of_debian_is_listed() -> None:
    """Of what the archive does not have any more, there is no hash."""
    libc6, tzdata = debian.listed(DEBIAN).components

    assert "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=trixie" == libc6["purl"]
    assert [{"alg": "SHA-256", "content": "00ff"}] == libc6["hashes"]
    assert ["LGPL-2.1+", "GPL-2+"] == [one["license"]["name"] for one in libc6["licenses"]]
    assert ("1:2026a+b", False, False) == (tzdata["version"], "hashes" in tzdata, "licenses" in tzdata)


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT AND (Apache-2.0 OR BSD-2-Clause)\nLicense: x", {"expression": "MIT AND (Apache-2.0 OR BSD-2-Clause)"}),
        ("License: apache-2.0", {"license": {"id": "Apache-2.0"}}),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", {"license": {"id": "MIT"}}),
        ("License: Its own", {"license": {"name": "Its own"}}),
        ("Classifier: License :: OSI Approved :: BSD License", {"license": {"name": "BSD License"}}),
        ("License: Permission is hereby granted, free of charge, to any person obtaining a copy of ...", {"license": {"id": "MIT"}}),
    ],
)  # fmt: skip
def test_a_package_is_under_the_licence_that_its_metadata_names(metadata: str, licence: dict[str, Any]) -> None:
    assert [licence] == licences(Parser().parsestr(metadata))


def test_a_package_that_names_none_is_under_none() -> None:
    assert [] == licences(Parser().parsestr("Name: x"))


# advisories

OSV_RECORD = {
    "id": "PYSEC-2026-1",
    "aliases": ["GHSA-aaaa-bbbb-cccc"],
    "summary": "It leaks",
    "details": "",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "affected": [
        {"package": {"name": "fastapi", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}]}
    ],
    "database_specific": {"severity": "CRITICAL"},
}  # fmt: skip
NPM_RECORD = {
    "id": 1,
    "url": "https://github.com/advisories/GHSA-dddd-eeee-ffff",
    "title": "It hangs",
    "severity": "moderate",
    "vulnerable_versions": "<999",
    "cwe": [],
    "cvss": {"score": 0, "vectorString": None},
}


@pytest.mark.usefixtures("socket_enabled")
def test_what_is_known_of_our_packages_is_asked_for() -> None:
    """By uv and by npm, of each lock file: what it is, how bad, and what helps."""
    with played({"fastapi": OSV_RECORD}, {"react": [NPM_RECORD]}) as url:
        answers = {answer.lock: answer for answer in ask(osv=url, registry=url)}

    assert {"uv.lock", "web/package-lock.json", "layers/playwright/package-lock.json"} == set(answers)
    assert [None] * 3 == [answer.silent for answer in answers.values()]
    [python], [npm] = answers["uv.lock"].advisories, answers["web/package-lock.json"].advisories
    assert ("critical", "It leaks", True) == (python.grade, python.title, python.package.startswith("fastapi "))
    assert "uv lock --upgrade-package fastapi" in python.cure
    assert ("moderate", "It hangs", "GHSA-dddd-eeee-ffff") == (npm.grade, npm.title, npm.names[0])
    assert () == answers["layers/playwright/package-lock.json"].advisories


@pytest.mark.usefixtures("socket_enabled")
def test_a_source_that_does_not_answer_is_told_from_one_that_knows_nothing() -> None:
    with played({}, None) as url:
        answers = ask(osv=f"{url}nowhere/", registry=url)

    assert [True] * 3 == [bool(answer.silent) for answer in answers]


def known(grade: str) -> list[Answer]:
    names = ("GHSA-aaaa-bbbb-cccc", "CVE-2026-1")
    advisory = Advisory(package="p 1", names=names, grade=grade, title="It leaks", link="https://x", cure="Update.")
    return [Answer(lock="uv.lock", source="OSV", advisories=(advisory,))]


@pytest.mark.parametrize(("grade", "count"), [("low", 0), ("moderate", 0), ("high", 1), ("critical", 1)])
def test_what_is_bad_enough_fails(grade: str, count: int) -> None:
    assert count == len(list(judge(known(grade), [], today=TODAY)))


@pytest.mark.parametrize(
    ("name", "until", "count"),
    [
        ("CVE-2026-1", TODAY, 0),
        ("GHSA-aaaa-bbbb-cccc", TODAY, 0),
        ("CVE-2026-1", date(2026, 11, 30), 1),
        ("CVE-2026-2", TODAY, 1),
    ],
)
def test_what_is_accepted_is_let_through_by_any_of_its_names_until_its_day_is_over(
    name: str, until: date, count: int
) -> None:
    accepted = Accepted(id=name, reason="We call nothing of it.", until=until)

    assert count == len(list(judge(known("high"), [accepted], today=TODAY)))
