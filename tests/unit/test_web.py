"""What the web UI's packages must agree on with the rest of the house."""

import json

from local.template import ROOT


def _versions(folder: str) -> dict[str, str]:
    found = json.loads((ROOT / folder / "package.json").read_text())
    return {**found.get("dependencies", {}), **found.get("devDependencies", {})}


def test_the_editor_knows_the_playwright_that_runs() -> None:
    """Its completion comes from the type declarations of the very version that executes scripts."""
    name = "@playwright/test"

    assert _versions("layers/playwright")[name] == _versions("web")[name]


def test_every_package_is_pinned() -> None:
    """By its exact version; what those depend on is pinned by the lock file."""
    assert [] == [f"{name} {version}" for name, version in _versions("web").items() if not version[0].isdigit()]
