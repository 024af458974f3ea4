"""API keys, as people look after them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from uuid_utils import uuid7

from functions.submit.app import create_app
from matinee import bootstrap

PROBLEM = "application/problem+json"


@pytest.fixture
def bearer_of(client_of: Callable[..., Any]) -> Callable[[Any], Any]:
    """Give what makes a client with a key."""
    return lambda key: client_of(create_app(), headers={"authorization": f"Bearer {key['key']}"})


def make(api: Any, name: str = "CI", role: str = "owner", **more: Any) -> Any:
    answer = api.post("/api/keys", json={"name": name, "role": role, **more})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def listed(api: Any) -> Any:
    return api.get("/api/keys").json()["items"]


def revoke(api: Any, key: Any) -> int:
    status: int = api("DELETE", f"/api/keys/{key['id']}").status_code
    return status


def change(statement: str, *values: Any) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute(statement, values)  # type: ignore[call-overload] # our own


def test_a_key_is_shown_once_and_opens_the_workspace(api: Any, bearer_of: Callable[[Any], Any]) -> None:
    made = make(api, "  CI of the shop ")

    (shown,) = [key for key in listed(api) if key["id"] == made["id"]]
    assert {"id", "name", "role", "prefix", "key", "createdAt", "current"} == made.keys()
    assert ("CI of the shop", made["key"][:10], 46) == (made["name"], made["prefix"], len(made["key"]))
    assert {name: made[name] for name in made.keys() - {"key"}} == shown
    assert 200 == bearer_of(made).get("/api/runs").status_code


def test_keys_are_listed_newest_first_and_the_one_in_use_is_marked(api: Any, bearer_of: Callable[[Any], Any]) -> None:
    first, second = make(api, "A"), make(api, "B")

    assert [("B", False), ("A", False), ("tests", True)] == [(key["name"], key["current"]) for key in listed(api)]
    assert [second["id"], first["id"]] == [key["id"] for key in listed(bearer_of(first))][:2]
    assert [False, True, False] == [key["current"] for key in listed(bearer_of(first))]
    assert [False, True, True] == ["lastUsedAt" in key for key in listed(api)]


def test_a_sessions_own_key_is_marked_too(road: Any, api: Any, client_of: Callable[..., Any]) -> None:
    make(api, "A")
    signed_in = client_of(create_app()).post("/api/session", json={"key": road.key})
    browser = client_of(create_app(), headers={"cookie": signed_in.headers["set-cookie"].partition(";")[0]})

    assert [("A", False), ("tests", True)] == [(key["name"], key["current"]) for key in listed(browser)]


@pytest.mark.parametrize(("more", "days"), [({}, None), ({"expiresInDays": 1}, 1), ({"expiresInDays": 3650}, 3650)])
def test_a_key_expires_if_it_is_to(api: Any, more: Any, days: int | None) -> None:
    made = make(api, **more)

    if days is None:
        assert "expiresAt" not in made
    else:
        left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
        assert timedelta(0) <= timedelta(days=days) - left < timedelta(minutes=1)


def test_a_revoked_key_and_its_sessions_are_good_for_nothing_at_once(
    api: Any, bearer_of: Callable[[Any], Any], client_of: Callable[..., Any]
) -> None:
    made = make(api)
    signed_in = client_of(create_app()).post("/api/session", json={"key": made["key"]})
    browser = client_of(create_app(), headers={"cookie": signed_in.headers["set-cookie"].partition(";")[0]})
    assert [200, 200] == [client.get("/api/runs").status_code for client in (bearer_of(made), browser)]

    assert 204 == revoke(api, made)

    assert [401, 401] == [client.get("/api/runs").status_code for client in (bearer_of(made), browser)]
    assert ["revokedAt" in key for key in listed(api)] == [True, False]
    assert 404 == revoke(api, made)


def test_a_key_may_revoke_itself_if_another_works(api: Any, bearer_of: Callable[[Any], Any]) -> None:
    made = make(api)

    assert [204, 401] == [revoke(bearer_of(made), made), revoke(bearer_of(made), made)]


def test_the_last_key_that_works_stays(api: Any) -> None:
    (only,) = listed(api)
    gone, expired = make(api, "gone"), make(api, "expired", expiresInDays=1)
    assert 204 == revoke(api, gone)
    change("UPDATE api_keys SET expires_at = now() WHERE id = %s", expired["id"])

    refused = api("DELETE", f"/api/keys/{only['id']}")

    assert (409, PROBLEM) == (refused.status_code, refused.headers["content-type"])
    assert refused.json()["detail"].endswith("Make another first.")
    assert 204 == revoke(api, expired), "that one did not work anyway"
    make(api, "another")
    assert 204 == revoke(api, only)


def test_of_two_last_keys_that_are_revoked_at_once_one_stays(api: Any, bearer_of: Callable[[Any], Any]) -> None:
    for _ in range(5):
        made = make(api)
        (first,) = [key for key in listed(api) if key["current"]]
        clients = [(bearer_of(made), first), (api, made)]

        with ThreadPoolExecutor(2) as threads:
            answers = sorted(threads.map(lambda each: revoke(*each), clients))

        assert answers[0] == 204
        assert answers[1] in {401, 409}, "revoked before it was let in, or the last one then"
        with bootstrap.database().transaction() as connection:
            working = connection.execute("SELECT id FROM api_keys WHERE revoked_at IS NULL").fetchall()
        assert 1 == len(working)
        change("UPDATE api_keys SET revoked_at = NULL WHERE id = %s", first["id"])
        change("UPDATE api_keys SET revoked_at = now() WHERE id <> %s", first["id"])


def test_there_are_a_hundred_working_keys_at_most_however_many_are_made_at_once(api: Any) -> None:
    change(
        "INSERT INTO api_keys (id, workspace_id, name, role, prefix, hash, expires_at, revoked_at)"
        " SELECT gen_random_uuid(), workspace_id, 'many', 'viewer', 'mt_', sha256(n::text::bytea),"
        " CASE WHEN n > 110 THEN now() END, CASE WHEN n > 100 AND n <= 110 THEN now() END"
        " FROM api_keys, generate_series(6, 120) AS n"
    )

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: api.post("/api/keys", json={"name": "CI"}), range(8)))

    refused = [answer for answer in answers if answer.status_code != 201]
    assert [409] * 4 == [answer.status_code for answer in refused]
    assert "Revoke one first." in refused[0].json()["detail"]
    assert 204 == revoke(api, next(answer.json() for answer in answers if answer.status_code == 201))
    make(api)


def test_what_is_no_key_to_make_is_422_and_names_the_field(api: Any) -> None:
    faults: list[tuple[str, Any]] = [
        ("name", {}),
        ("name", {"name": " "}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 101}),
        ("name", {"name": "a\nb"}),
        ("expiresInDays", {"name": "A", "expiresInDays": 0}),
        ("expiresInDays", {"name": "A", "expiresInDays": 3651}),
        ("key", {"name": "A", "key": "mt_mine"}),
    ]
    headers = {"content-type": "application/json"}

    answers = [api.post("/api/keys", content=json.dumps(body), headers=headers) for _, body in faults]

    assert [(422, PROBLEM, field) for field, _ in faults] == [
        (answer.status_code, answer.headers["content-type"], answer.json()["errors"][0]["field"]) for answer in answers
    ]
    assert ["tests"] == [key["name"] for key in listed(api)]


def test_another_workspaces_keys_do_not_exist(api: Any, other: Any) -> None:
    made = make(api)

    answers = [other("DELETE", f"/api/keys/{made['id']}")]
    answers += [api("DELETE", f"/api/keys/{odd}") for odd in ("x", "%00", str(uuid7()), made["id"].upper())]

    assert {(404, PROBLEM)} == {(answer.status_code, answer.headers["content-type"]) for answer in answers}
    assert ["other"] == [key["name"] for key in listed(other)]
    assert not [key for key in listed(api) if "revokedAt" in key]


def test_keys_that_have_not_worked_for_thirty_days_are_forgotten(api: Any) -> None:
    days = {"revoked_at": make(api, "revoked"), "expires_at": make(api, "expired")}
    fresh = {"revoked_at": make(api, "just revoked"), "expires_at": make(api, "just expired")}
    for ago, keys in ((31, days), (29, fresh)):
        for column, key in keys.items():
            change(f"UPDATE api_keys SET {column} = now() - make_interval(days => %s) WHERE id = %s", ago, key["id"])

    done = bootstrap.sweeper().sweep()

    assert 2 == done["keys_forgotten"]
    assert ["just expired", "just revoked", "tests"] == [key["name"] for key in listed(api)]
