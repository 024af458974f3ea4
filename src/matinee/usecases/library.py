"""Save tests: only what parses is kept."""

from dataclasses import dataclass

from matinee.model.script import Language
from matinee.stores.tests import SavedTest, TestDraft, Tests
from matinee.usecases.syntax import Parser


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A test as somebody wrote it."""

    title: str
    description: str
    tags: tuple[str, ...]
    path: str | None
    script: str
    language: Language | None  #: None: whatever it turns out to be


@dataclass(frozen=True)
class Library:
    """Saves tests."""

    tests: Tests
    parser: Parser

    def add(self, workspace_id: str, writing: Writing) -> SavedTest:
        """Save a new test.

        Raises:
            ScriptInvalidError: if its script cannot be run.
            ConflictError: as `Tests.create` does.
        """
        return self.tests.create(workspace_id, self._draft(writing))

    def change(self, workspace_id: str, test_id: str, writing: Writing, *, seen: int | None) -> SavedTest:
        """Save a test's next version.

        Raises:
            ScriptInvalidError: if its script cannot be run.
            NotFoundError, PreconditionFailedError, ConflictError: as `Tests.update` does.
        """
        return self.tests.update(workspace_id, test_id, self._draft(writing), seen=seen)

    def _draft(self, writing: Writing) -> TestDraft:
        parsed = self.parser.read(writing.script, writing.language)
        return TestDraft(**{**vars(writing), "language": parsed.language, "module": parsed.module})
