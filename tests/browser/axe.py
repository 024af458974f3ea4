"""What axe has against a page."""

from typing import Any

from playwright.sync_api import Page

from local.template import ROOT

_AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
#: What Playwright's report has inside it is Playwright's.
_ASK = "axe.run({ exclude: [['iframe']] }, { resultTypes: ['violations'] })"


def serious(page: Page) -> list[Any]:
    """What axe calls serious or critical, with where it is."""
    page.evaluate(_AXE.read_text())
    found = page.evaluate(_ASK)["violations"]
    return [
        (each["id"], [(node["target"], node["failureSummary"]) for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
