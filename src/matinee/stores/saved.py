"""Saved tests as Postgres has them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from matinee.model.script import Language
from matinee.stores.recents import Recent


@dataclass(frozen=True, kw_only=True)
class TestDraft:
    """What somebody saves as a test."""

    __test__ = False

    title: str
    description: str
    tags: tuple[str, ...]
    path: str | None  #: the file that it was pushed from
    script: str
    language: Language
    module: bool

    def changes(self, saved: "SavedTest") -> bool:
        """Whether saving it would change anything."""
        return any(getattr(self, field.name) != getattr(saved, field.name) for field in fields(self))


@dataclass(frozen=True, kw_only=True)
class SavedSummary:
    """A saved test as it is now, without its script."""

    id: str
    version: int  #: counts from 1; each save that changes something makes the next
    title: str
    description: str
    tags: tuple[str, ...]
    path: str | None
    language: Language
    module: bool
    created_at: datetime
    updated_at: datetime
    recent: tuple[Recent, ...]  #: its last results, the oldest first

    @classmethod
    def from_row(cls, row: Mapping[str, Any], *, recent: tuple[Recent, ...]) -> Self:
        """Read a row of `list_tests`, or of `get_test` where there is a script."""
        typed = {"id": str(row["id"]), "tags": tuple(row["tags"]), "language": Language(row["language"])}
        return cls(**{**row, **typed}, recent=recent)


@dataclass(frozen=True, kw_only=True)
class SavedTest(SavedSummary):
    """A saved test as it is now."""

    script: str


@dataclass(frozen=True, kw_only=True)
class TestVersion:
    """A saved test as it once was, so far as its runs are concerned."""

    __test__ = False

    version: int
    title: str
    language: Language
    created_at: datetime
    script: str | None = None  #: left out in lists

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of `list_versions`, or of `get_version` where there is a script."""
        return cls(**{**row, "language": Language(row["language"])})


@dataclass(frozen=True)
class TagCount:
    """A tag, and how many tests have it."""

    tag: str
    tests: int
