"""The bills of materials are valid, and have what whoever reads one looks for."""

import json
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from infra.build.bundles import ROOT
from infra.supply import sbom

#: Of Debian nothing is known before there is an image; what the parts are made of themselves, is this repository.
UNKNOWN = ("pkg:deb/debian/python3?", "pkg:oci/debian?", "matinee:")


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Both, by their names."""
    written = sbom.write(tmp_path_factory.mktemp("sbom"))
    return {file.name.split(".")[0]: json.loads(file.read_text()) for file in written}


def components(bill: Any) -> Mapping[str, Any]:
    return {one["bom-ref"]: one for one in bill["components"]}


def test_they_are_what_cyclonedx_says(bills: Mapping[str, Any]) -> None:
    """Also its list of SPDX' licences."""
    schemas = files("cyclonedx.schema") / "_res"

    def schema(name: str) -> Any:
        return json.loads((schemas / f"{name.removesuffix('.schema.json')}.SNAPSHOT.schema.json").read_text())

    validator = jsonschema_rs.validator_for(
        schema("bom-1.5"), retriever=lambda uri: schema(uri.rpartition("/")[2].replace(".SNAPSHOT", ""))
    )

    assert ["matinee-deployed", "matinee-local"] == list(bills)
    for bill in bills.values():
        assert [] == [f"{error.instance_path} {error.message}" for error in validator.iter_errors(bill)]


def test_each_component_has_its_purl_hash_and_licence(bills: Mapping[str, Any]) -> None:
    for bill in bills.values():
        lacking = [
            ref
            for ref, one in components(bill).items()
            if not ref.startswith(UNKNOWN)
            and not (one["purl"] and one["hashes"] and one["licenses"] and one["version"])
        ]
        assert [] == lacking


def test_what_is_deployed_is_told_by_the_part_that_has_it(bills: Mapping[str, Any]) -> None:
    """With the wheel that Lambda's Python takes; what only builds and tests, is not there."""
    bill = bills["matinee-deployed"]
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    names = {ref: {one.partition("@")[0].rpartition("/")[2] for one in needs[ref]} for ref in needs["matinee"]}

    assert {"fastapi", "mangum", "parser"} <= names["matinee:submit"]
    assert {"awslambdaric", "playwright", "chromium", "node", "ffmpeg"} <= names["matinee:image"]
    assert "react" in names["matinee:web"]
    assert not {"pytest", "vite", "ministack"} & set().union(*names.values())
    assert "psycopg" not in names["matinee:image"]
    [core] = (one for one in bill["components"] if one["name"] == "pydantic-core")
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    [wheels] = (package["wheels"] for package in locked if package["name"] == "pydantic-core")
    [wheel] = (each for each in wheels if each["hash"] == f"sha256:{core['hashes'][0]['content']}")
    assert "cp313-cp313-manylinux" in wheel["url"]
    assert "x86_64" in wheel["url"]


def test_dependencies_are_of_what_is_there(bills: Mapping[str, Any]) -> None:
    """And lead to programs that no package manager knows."""
    for bill in bills.values():
        there = {"matinee", *components(bill)}
        needs = {each["ref"]: set(each["dependsOn"]) for each in bill["dependencies"]}
        assert there == set(needs)
        assert set().union(*needs.values()) <= there
        [chromium] = (ref for ref in there if ref.startswith("pkg:generic/chromium@"))
        assert chromium in set().union(
            *(needs[ref] for ref in there if ref.startswith("pkg:npm/%40sparticuz/chromium@"))
        )


def test_the_same_checkout_gives_the_same_bytes(bills: Mapping[str, Any], tmp_path: Path) -> None:
    again = sbom._write(tmp_path / "again.json", "local", [sbom.local()])

    assert bills["matinee-local"] == json.loads(again.read_text())
