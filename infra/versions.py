"""The versions of the pinned runtime, from the file that pins them."""

import json
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent / "layers" / "playwright" / "package.json"


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What scripts run on."""

    playwright: str
    chromium: str

    @classmethod
    def pinned(cls, package: Path = _PACKAGE) -> "Versions":
        """Read them from the runtime's package.json, whose versions are exact."""
        pins = json.loads(package.read_text(encoding="utf-8"))["dependencies"]
        return cls(playwright=pins["@playwright/test"], chromium=pins["@sparticuz/chromium"])
