"""What every kind of test may need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def runtime() -> Path:
    """The pinned browser runtime; installed now if `make setup` has not."""
    installed = subprocess.run(
        [sys.executable, str(ROOT / "layers" / "playwright" / "install.py")],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Path(installed.stdout.strip())
