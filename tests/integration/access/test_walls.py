"""The second wall: row-level security, whatever a query forgets to ask for."""

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from matinee.model.access import Actor, acting
from matinee.stores.postgres import Database

SCRIPT = "import { test } from '@playwright/test';\ntest('a', async () => {});\n"


def tables(database: Database) -> dict[str, bool]:
    """All tables with a workspace, and whether they are behind the wall."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relkind = 'r' AND attname = 'workspace_id' AND relnamespace = 'public'::regnamespace"
        )
        return {row["relname"]: row["relrowsecurity"] for row in rows}


def test_each_table_with_a_workspace_is_behind_the_wall(database: Database) -> None:
    """So a table that a later migration makes without it fails here."""
    found = tables(database)

    assert {"runs", "run_tests", "api_keys", "audit"} <= found.keys()
    assert [] == [name for name, walled in found.items() if not walled]


def test_within_a_workspace_nothing_of_another_is_seen_or_changed(
    api: Any, other: Any, road: Any, database: Database
) -> None:
    """With queries that ask for all there is; of a full house."""
    for client in (api, other):
        test = client.post("/api/tests", json={"title": "A", "script": SCRIPT}).json()["id"]
        client.post("/api/jobs", json={"name": "J", "tests": [test], "schedule": {"cron": "0 9 * * *"}})
        client.post("/api/test", json={"script": SCRIPT})
    mine = road.workspace_id

    for table in tables(database):
        everything = f"SELECT workspace_id FROM {table}"
        with database.within(mine) as connection:
            seen = {str(row["workspace_id"]) for row in connection.execute(query(everything))}
        assert seen <= {mine}, table
    with database.within(mine) as connection:
        assert 1 == connection.execute("UPDATE jobs SET description = 'all of them'").rowcount
        assert 1 == connection.execute("DELETE FROM schedules").rowcount
        assert 1 == connection.execute("SELECT count(*) AS n FROM workspaces").fetchone()["n"]  # type: ignore[index] - a count is one row
    assert "" == other.get("/api/jobs").json()["items"][0]["description"]
    assert "schedule" in other.get("/api/jobs").json()["items"][0]


def test_nothing_can_be_put_into_another_workspace(
    road: Any, new_workspace: Callable[[], str], database: Database
) -> None:
    with (
        pytest.raises(InsufficientPrivilege, match="row-level security"),
        database.within(road.workspace_id) as connection,
    ):
        connection.execute("INSERT INTO tests (id, workspace_id) VALUES (gen_random_uuid(), %s)", [new_workspace()])


def test_whoever_is_in_no_workspace_sees_nothing(api: Any, database: Database) -> None:
    """The role alone, without a workspace: as a query that forgot both."""
    assert api.get("/api/keys").json()["items"]
    with database.transaction() as connection:
        connection.execute("SET LOCAL ROLE matinee_tenant")

        assert [] == connection.execute("SELECT * FROM api_keys").fetchall()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM schema_migrations",
        "SELECT * FROM sweeps",
        "DELETE FROM audit",
        "INSERT INTO audit (workspace_id) VALUES (own_workspace())",
        "DELETE FROM workspaces",
        "CREATE TABLE loot (a int)",
    ],
)
def test_what_is_of_no_workspace_is_out_of_reach(road: Any, database: Database, statement: LiteralString) -> None:
    """Nor can anybody make the audit log forget."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.within(road.workspace_id) as connection:
        connection.execute(statement)


def test_the_next_transaction_of_a_connection_is_in_no_workspace(road: Any, postgres: str) -> None:
    """Connections are used again: what was set for one is over with it."""
    single = Database(postgres, max_size=1)
    acting_before = acting.set(Actor(kind="key", id="k", name="K"))
    try:
        with single.within(road.workspace_id) as connection:
            who = "SELECT current_user AS role, current_setting('matinee.workspace', true) AS place, current_setting('matinee.actor', true) AS actor"
            inside = connection.execute(query(who)).fetchone()
        with single.transaction() as connection:
            outside = connection.execute(query(who)).fetchone()
    finally:
        acting.reset(acting_before)
        single.close()

    assert inside is not None
    assert outside is not None
    assert ("matinee_tenant", road.workspace_id) == (inside["role"], inside["place"])
    assert "matinee_tenant" != outside["role"]
    assert ("", "") == (outside["place"], outside["actor"])


def query(text: str) -> LiteralString:
    return text  # type: ignore[return-value] - names of our own
