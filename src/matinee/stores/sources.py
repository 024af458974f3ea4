"""What runs are made of: the scripts of saved tests, and of the tests of runs that were."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matinee.model.errors import ConflictError
from matinee.model.library import MAX_RUN_SCRIPT_BYTES
from matinee.model.script import Language
from matinee.model.work import Sealed
from matinee.stores.ids import is_id
from matinee.stores.postgres import Database
from matinee.stores.sql import queries


@dataclass(frozen=True, kw_only=True)
class Source:
    """A script that parses, and where it comes from."""

    title: str
    script: str
    language: Language
    module: bool
    saved_test_id: str | None = None
    test_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class How:
    """How a script is run."""

    base_url: str | None
    timeout_seconds: int
    retries: int


class Sources:
    """Reads many scripts at once. Every method raises DatabaseUnavailableError if Postgres does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("sources")

    def of_tests(self, workspace_id: str, test_ids: Collection[str]) -> Mapping[str, Source]:
        """Give the newest versions of those saved tests that the workspace has, by their ids.

        Raises:
            ConflictError: if they are too large together.
        """
        wanted = {"workspace_id": workspace_id, "tests": [test_id for test_id in test_ids if is_id(test_id)]}
        with self._database.within(workspace_id) as connection:
            size = connection.execute(self._sql["size_of_tests"], wanted).fetchone()
            if size and size["bytes"] > MAX_RUN_SCRIPT_BYTES:
                raise ConflictError(
                    f"The tests' scripts have {size['bytes']:,} bytes together; {MAX_RUN_SCRIPT_BYTES:,} are the most"
                    " of one run. Make several jobs of them."
                )
            rows = connection.execute(self._sql["of_tests"], wanted).fetchall()
        return {str(row["saved_test_id"]): _source(row) for row in rows}

    def of_run(
        self, workspace_id: str, run_id: str, test_ids: Collection[str]
    ) -> Sequence[tuple[Source, How, tuple[Sealed, ...]]]:
        """Give what those tests of a run were made of, in their order, and the variables that came with them."""
        wanted = {"workspace_id": workspace_id, "run_id": run_id, "tests": list(test_ids)}
        with self._database.within(workspace_id) as connection:
            rows = connection.execute(self._sql["of_run"], wanted).fetchall()
        return [
            (_source(row), _how(row), tuple(Sealed.model_validate(each) for each in row["variables"])) for row in rows
        ]


def _source(row: Mapping[str, Any]) -> Source:
    saved = row["saved_test_id"]
    return Source(
        title=row["title"],
        script=row["script"],
        language=Language(row["language"]),
        module=row["module"],
        saved_test_id=None if saved is None else str(saved),
        test_version=row["test_version"],
    )


def _how(row: Mapping[str, Any]) -> How:
    return How(
        base_url=row["base_url"],
        timeout_seconds=row["timeout_seconds"],
        retries=row["retries"],
    )
