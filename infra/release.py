"""What is deployed: the functions' code, as `infra.build` has made it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: The zip files that there are, by the name of the function that they are made for; some serve two.
BUNDLES = ("submit", "plan_job", "track_runs", "status_stream", "report_proxy", "sweep", "migrate", "dispatch_test")


@dataclass(frozen=True, kw_only=True)
class Release:
    """The keys under which the bundles lie in their bucket. Each has a hash of what is in it, so what changed is seen."""

    bundles: Mapping[str, str]

    @classmethod
    def unbuilt(cls) -> "Release":
        """Give a release that names its bundles, for where nothing reads them."""
        return cls(bundles={name: f"{name}.zip" for name in BUNDLES})

    @classmethod
    def read(cls, file: Path) -> "Release":
        """Read what `write` has written."""
        return cls(bundles=json.loads(file.read_text(encoding="utf-8"))["bundles"])

    def write(self, file: Path) -> None:
        """Write it where the CDK app finds it."""
        file.write_text(json.dumps({"bundles": dict(self.bundles)}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
