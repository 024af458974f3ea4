"""What the image of run_test and merge_report loads, it has."""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Refuses what no package of the image brings, and loads a module.
LOAD = """
import importlib, json, sys
class Elsewhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in elsewhere:
            raise ModuleNotFoundError(f"the image has no {name}")
elsewhere = set(json.loads(sys.argv[1]))
sys.meta_path.insert(0, Elsewhere())
importlib.import_module(sys.argv[2])
"""


@pytest.fixture(scope="module")
def elsewhere() -> str:
    """The modules of this environment that are of no package of the image, as JSON."""
    asked = ["export", "--frozen", "--only-group", "image", "--no-emit-project", "--no-hashes", "--no-annotate"]
    told = subprocess.run(
        [str(Path(sys.executable).with_name("uv")), *asked], cwd=ROOT, check=True, capture_output=True, text=True
    )
    there = {"matinee", *(_plain(line.partition("==")[0]) for line in told.stdout.splitlines())}
    brought = packages_distributions().items()
    return json.dumps(sorted(name for name, packages in brought if not {_plain(one) for one in packages} & there))


def _plain(package: str) -> str:
    return package.lower().replace("_", "-")


@pytest.mark.parametrize(
    "module",
    [
        "functions.run_test.handler",
        "functions.merge_report.handler",
        "matinee.bootstrap.programs",
        "matinee.stores.artifacts",
        "matinee.stores.live",
        "matinee.stores.queues",
        "matinee.stores.vault",
        "matinee.stores.vitals",
    ],
)
def test_the_image_has_what_its_functions_load(elsewhere: str, module: str) -> None:
    """At once, or with the first test: loaded where nothing is but the packages of the image's group in the lock file."""
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, elsewhere, module], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert "psycopg" in elsewhere
    assert 0 == loaded.returncode, loaded.stderr
