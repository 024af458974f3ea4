"""The zip functions' bundles."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bench.imports import ENTRIES
from infra.build import bundles
from infra.build.bundles import RELEASE, BuildError, build
from tests.deployed.conftest import PYTHON

#: SnapStart keeps what this one has loaded.
SNAPSHOT = "functions.submit.handler"
#: What is heavy, and not needed before there is something to do.
LATE = {"botocore.client", "boto3.session", "py_mini_racer"}
#: Loads a module with nothing to find but the folder, and gives the files that were loaded, and what is heavy among them.
LOAD = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
importlib.import_module(sys.argv[2])
files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
print(json.dumps({"outside": [file for file in files if "site-packages" in file], "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def built(cloud: object) -> list[bundles.Bundle]:  # noqa: ARG001  its deployment has built them
    return build(python=PYTHON)


def test_the_same_input_gives_the_same_bytes(built: list[bundles.Bundle]) -> None:
    """Packed anew, from the packages that are there; and each file has one date, whenever it was written."""
    before = {bundle.name: bundle.file.read_bytes() for bundle in built}
    again = build(python=PYTHON)

    assert [bundle.key for bundle in built] == [bundle.key for bundle in again]
    assert before == {bundle.name: bundle.file.read_bytes() for bundle in again}
    with zipfile.ZipFile(again[0].file) as packed:
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in packed.infolist()}


@pytest.mark.parametrize(
    ("name", "module"), [(name, module) for name, modules in ENTRIES.items() for module in modules]
)
def test_a_bundle_has_all_that_its_function_loads_and_no_other_function(
    built: list[bundles.Bundle], tmp_path: Path, name: str, module: str
) -> None:
    """Loaded alone. What only a request needs is not loaded, but where a snapshot keeps it for all requests."""
    [bundle] = [one for one in built if one.name == name]
    with zipfile.ZipFile(bundle.file) as packed:
        packed.extractall(tmp_path)
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOAD, str(tmp_path), module], check=True, capture_output=True, text=True
    )
    told = json.loads(loaded.stdout)

    assert [] == told["outside"]
    assert (LATE if module == SNAPSHOT else set()) == LATE & set(told["modules"])
    assert {name} == {place.name for place in (tmp_path / "functions").iterdir() if place.is_dir()} - {"__pycache__"}


def test_a_bundle_that_lambda_would_not_take_is_refused(
    built: list[bundles.Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is uploaded, and by its name."""
    largest = max(built, key=lambda bundle: bundle.file.stat().st_size)
    monkeypatch.setattr(bundles, "MOST_BYTES", largest.file.stat().st_size - 1)

    with pytest.raises(BuildError, match=f"bundle of {largest.name} has"):
        build(RELEASE / PYTHON, python=PYTHON)
