"""What is let through, and why: supply.toml."""

import tomllib
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from infra.build.bundles import ROOT

FILE = ROOT / "supply.toml"


class Accepted(BaseModel):
    """A known vulnerability that does not concern us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    reason: str = Field(min_length=10)
    until: date  #: the last day on which it is let through


class Allowed(BaseModel):
    """All that is let through. Of packages: their names, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vulnerabilities: tuple[Accepted, ...] = ()
    scripts: dict[str, str] = Field(default_factory=dict)
    sources: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def read(cls, file: Path = FILE) -> "Allowed":
        """Read the file.

        Raises:
            ValueError: if it is not TOML, or says something that has no meaning here.
        """
        return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
