"""Saved tests in Postgres, with all their versions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from uuid_utils import uuid7

from matinee.model.errors import ConflictError, InvalidRequestError, NotFoundError, PreconditionFailedError
from matinee.stores.ids import cursor_behind, is_id, read_cursor
from matinee.stores.postgres import Database
from matinee.stores.recents import recents_of_tests
from matinee.stores.saved import SavedSummary, SavedTest, TagCount, TestDraft, TestVersion
from matinee.stores.sql import queries

__all__ = ["SavedSummary", "SavedTest", "TagCount", "TestDraft", "TestVersion", "Tests"]

_NONE = "There is no such test: it was already deleted, or never existed."
_VERSION = re.compile(r"[0-9]{1,9}")


class Tests:
    """All saved tests. Every method is one transaction, and raises DatabaseUnavailableError if Postgres does not answer.

    What is asked of one test raises NotFoundError if the workspace has none with this id; also if it is no id at all.
    """

    __test__ = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("tests")

    def create(self, workspace_id: str, draft: TestDraft) -> SavedTest:
        """Save a new test.

        Raises:
            ConflictError: if another test was saved from the same file.
        """
        row = {**asdict(draft), "tags": list(draft.tags), "id": str(uuid7()), "workspace_id": workspace_id}
        with self._database.within(workspace_id) as connection:
            if not connection.execute(self._sql["insert_test"], row).rowcount:
                raise _path_taken(draft)
            connection.execute(self._sql["insert_version"], row)
            return self._load(connection, row)

    def get(self, workspace_id: str, test_id: str) -> SavedTest:
        """Give a test as it is now."""
        wanted = _named(workspace_id, test_id)
        with self._database.within(workspace_id) as connection:
            return self._load(connection, wanted)

    def list(
        self,
        workspace_id: str,
        *,
        search: str | None = None,
        tags: Sequence[str] = (),
        path: str | None = None,
        last: Sequence[str] = (),
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[SavedSummary], str | None]:
        """Give a page of the workspace's tests, newest first, and the cursor of the next page if there is one.

        Args:
            workspace_id: Whose.
            search: What their title, description or path has in it, in capitals or not.
            tags: What all of them have.
            path: The file that they were pushed from.
            last: How their last result may be, `never` for none at all.
            limit: How many at most.
            cursor: Where the page before ended.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        wanted = {
            "workspace_id": workspace_id,
            "search": search,
            "tags": list(tags) or None,
            "path": path,
            "last": list(last) or None,
            "before": read_cursor(cursor) if cursor else None,
            "limit": limit + 1,
        }
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_tests"], wanted).fetchall()
            recents = recents_of_tests(connection, [str(row["id"]) for row in rows[:limit]])
        found = [SavedSummary.from_row(row, recent=recents[str(row["id"])]) for row in rows[:limit]]
        return found, cursor_behind(found[-1].id) if len(rows) > limit else None

    def update(self, workspace_id: str, test_id: str, draft: TestDraft, *, seen: int | None) -> SavedTest:
        """Save the test's next version, if the one that was `seen` is its newest (None: whichever is).

        What changes nothing makes no version.

        Raises:
            PreconditionFailedError: if it is not; `extra` has the newest one's number as `version`.
            ConflictError: as `create` does.
        """
        row = {**asdict(draft), "tags": list(draft.tags), **_named(workspace_id, test_id)}
        try:
            with self._database.within(workspace_id) as connection:
                self._lock(connection, row, seen=seen)
                if draft.changes(self._load(connection, row)):
                    connection.execute(self._sql["update_test"], row)
                    connection.execute(self._sql["insert_version"], row)
                return self._load(connection, row)
        except UniqueViolation as error:
            raise _path_taken(draft) from error

    def versions(
        self, workspace_id: str, test_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[TestVersion], str | None]:
        """Give a page of the test's versions, newest first, and the cursor of the next page if there is one.

        Raises:
            InvalidRequestError: if `cursor` is none of ours.
        """
        before = _read_version_cursor(cursor) if cursor else None
        wanted = {**_named(workspace_id, test_id), "before": before, "limit": limit + 1}
        with self._database.within(workspace_id) as connection:
            self._load(connection, wanted)
            rows = connection.execute(self._sql["list_versions"], wanted).fetchall()
        found = [TestVersion.from_row(row) for row in rows[:limit]]
        return found, str(found[-1].version) if len(rows) > limit else None

    def version(self, workspace_id: str, test_id: str, number: int) -> TestVersion:
        """Give the test as it was in one version.

        Raises:
            NotFoundError: also if there is none with this number.
        """
        wanted = {**_named(workspace_id, test_id), "version": number}
        with self._database.within(workspace_id) as connection:
            row = connection.execute(self._sql["get_version"], wanted).fetchone()
        if row is None:
            raise NotFoundError("There is no such version of this test.")
        return TestVersion.from_row(row)

    def delete(self, workspace_id: str, test_id: str, *, force: bool) -> None:
        """Delete the test and its versions; its runs keep what they ran.

        Raises:
            ConflictError: if jobs have it, unless it is taken out of them by `force`; `extra` has them as `jobs`.
        """
        wanted = _named(workspace_id, test_id)
        with self._database.within(workspace_id) as connection:
            self._lock(connection, wanted, seen=None)
            if force:
                connection.execute(self._sql["take_out_of_jobs"], wanted)
            elif found := connection.execute(self._sql["jobs_of_test"], wanted).fetchall():
                jobs = [{"id": str(job["id"]), "name": job["name"]} for job in found]
                raise ConflictError("Jobs have this test. Take it out of them first, or delete with force.", jobs=jobs)
            connection.execute(self._sql["delete_test"], wanted)

    def tags(self, workspace_id: str) -> Sequence[TagCount]:
        """Give the tags of the workspace's tests, the most used first."""
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["list_tags"], {"workspace_id": workspace_id}).fetchall()
        return [TagCount(**row) for row in rows]

    def _lock(self, connection: Connection[DictRow], wanted: Mapping[str, Any], *, seen: int | None) -> None:
        row = connection.execute(self._sql["lock_test"], wanted).fetchone()
        if row is None:
            raise NotFoundError(_NONE)
        if seen not in {None, row["version"]}:
            raise PreconditionFailedError(version=row["version"])

    def _load(self, connection: Connection[DictRow], wanted: Mapping[str, Any]) -> SavedTest:
        row = connection.execute(self._sql["get_test"], wanted).fetchone()
        if row is None:
            raise NotFoundError(_NONE)
        return SavedTest.from_row(row, recent=recents_of_tests(connection, [wanted["id"]])[wanted["id"]])


def _named(workspace_id: str, test_id: str) -> dict[str, Any]:
    if not is_id(test_id):
        raise NotFoundError(_NONE)
    return {"workspace_id": workspace_id, "id": test_id}


def _path_taken(draft: TestDraft) -> ConflictError:
    return ConflictError(f"Another test was saved from {draft.path}. Change that one instead.", field="path")


def _read_version_cursor(cursor: str) -> int:
    if not _VERSION.fullmatch(cursor):
        raise InvalidRequestError("The cursor is none that a list has given.")
    return int(cursor)
