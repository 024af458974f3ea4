"""The HTTP contract as one document: `python -m local.openapi --check|--write` holds openapi.json against the code."""

import argparse
import difflib
import json
import sys
from typing import Any

from functions.report_proxy.app import create_app as report_proxy
from functions.status_stream.app import create_app as status_stream
from functions.submit.app import create_app as submit
from local.template import ROOT

_FILE = ROOT / "openapi.json"


def document() -> dict[str, Any]:
    """Merge what the HTTP functions say of themselves; the first one's title and version are the whole's.

    Raises:
        ValueError: if two of them mean different things by one name.
    """
    whole, *others = (app().openapi() for app in (submit, status_stream, report_proxy))
    for other in others:
        _merge(whole["paths"], other["paths"])
        for kind, found in other.get("components", {}).items():
            _merge(whole.setdefault("components", {}).setdefault(kind, {}), found)
    return whole


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if into.setdefault(name, value) != value:
            raise ValueError(f"two functions describe {name} differently")


def main() -> int:
    """Check or write the file; 1 if it is not what the code says."""
    parser = argparse.ArgumentParser(description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="fail if openapi.json is not what the code says")
    mode.add_argument("--write", action="store_true", help="make it so")
    wanted = json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if parser.parse_args().write:
        _FILE.write_text(wanted, encoding="utf-8")
        return 0
    found = _FILE.read_text(encoding="utf-8") if _FILE.exists() else ""
    if found == wanted:
        return 0
    changes = difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), "openapi.json", "the code", lineterm="", n=2
    )
    sys.stderr.write("\n".join([*list(changes)[:40], "openapi.json is not what the code says: run `make format`.", ""]))
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
