"""Shares: links with which somebody without a key reads one run's report, for a while."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.report_proxy.app import create_app as report_proxy
from functions.submit.app import create_app
from matinee import bootstrap
from matinee.http.passes import GOOD_FOR_S
from matinee.model.access import Role
from matinee.stores.artifacts import report_prefix
from matinee.stores.shares import MAX_LIVING

ORIGIN = "https://reports.example"


@pytest.fixture
def run_id(road: Any) -> str:
    """A run with a report."""
    return run_with(road, "<h1>report</h1>")


def run_with(road: Any, report: str) -> str:
    run_id: str = road.submit()
    index = report_prefix(road.workspace_id, run_id) + "index.html"
    bootstrap.artifacts().put_bytes(index, report.encode(), content_type="text/html")
    return run_id


@pytest.fixture
def outside(road: Any, client_of: Callable[..., Any]) -> Any:
    """Somebody who has nothing but links."""
    assert road
    return client_of(report_proxy(), headers={"accept": "text/html"})


def share(api: Any, run_id: str, **more: Any) -> dict[str, Any]:
    answer = api.post(f"/api/runs/{run_id}/shares", json={"name": "Designers", **more})
    assert 201 == answer.status_code, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shown(made: dict[str, Any]) -> str:
    """The path at the reports' origin that a link leads to."""
    return f"/reports/{made['path'].rpartition('/')[2]}/"


def change(made: dict[str, Any], what: str) -> None:
    with bootstrap.database().transaction() as connection:
        connection.execute(f"UPDATE shares SET {what} WHERE id = %s", [made["id"]])  # type: ignore[arg-type]


def test_a_link_opens_the_report_for_whoever_has_it(api: Any, outside: Any, run_id: str) -> None:
    """Without key, session or cookie; at the reports' origin, to which it leads."""
    made = share(api, run_id)

    led = outside.get(made["path"])
    answer = outside.get(shown(made))

    assert (303, ORIGIN + shown(made), "no-store") == (
        led.status_code,
        led.headers["location"],
        led.headers["cache-control"],
    )
    assert (200, "<h1>report</h1>") == (answer.status_code, answer.text)
    assert [False, False] == ["set-cookie" in one.headers for one in (led, answer)]


def test_it_opens_nothing_else(api: Any, outside: Any, client_of: Callable[..., Any], road: Any, run_id: str) -> None:
    """No other run's report, not the run itself, its console or events: not as a ticket, a key or a session."""
    other = run_with(road, "other")
    token = share(api, run_id)["path"].rpartition("/")[2]
    asked = [f"/api/runs/{run_id}", f"/api/runs/{run_id}/console?ticket={token}", f"/api/runs?ticket={token}"]
    app = create_app()

    found = [
        client_of(app, headers=headers).get(path).status_code
        for path in asked
        for headers in ({}, {"authorization": f"Bearer {token}"}, {"cookie": f"matinee_session={token}"})
    ]
    reports = [outside.get(f"/api/test-results/tests/{each}/report/?ticket={token}") for each in (run_id, other)]

    assert {401} == {*found, *(answer.status_code for answer in reports)}


def test_it_is_good_for_a_week_unless_something_else_is_said(api: Any, run_id: str) -> None:
    """A day at least, ninety at most."""
    expiries = [datetime.fromisoformat(share(api, run_id, **more)["expiresAt"]) for more in ({}, {"expiresInDays": 90})]
    refused = [
        api.post(f"/api/runs/{run_id}/shares", json={"name": "x", "expiresInDays": days}) for days in (0, 91, "7", -1)
    ]

    now = datetime.now(UTC)
    assert [timedelta(days=7), timedelta(days=90)] == [
        timedelta(seconds=round((at - now).total_seconds() / 60) * 60) for at in expiries
    ]
    assert [422] * 4 == [answer.status_code for answer in refused]


def test_what_has_expired_opens_nothing(api: Any, outside: Any, run_id: str) -> None:
    """The page says what to do, and nothing of the run."""
    made = share(api, run_id)
    change(made, "expires_at = now() - interval '1 second'")

    answer = outside.get(shown(made))

    assert (401, True) == (answer.status_code, "asks whoever sent it" in answer.text)
    assert run_id not in answer.text


def test_what_is_revoked_opens_nothing_within_seconds(api: Any, outside: Any, run_id: str) -> None:
    """At once for who has not read yet, soon for who is reading; others go on. To revoke it again is no mistake."""
    reading, unread, other = (share(api, run_id) for _ in range(3))
    assert 200 == outside.get(shown(reading)).status_code

    revoked = [api("DELETE", f"/api/runs/{run_id}/shares/{each['id']}") for each in (reading, unread, unread)]

    assert [204] * 3 == [answer.status_code for answer in revoked]
    assert [401, 200] == [outside.get(shown(each)).status_code for each in (unread, other)]
    deadline = time.monotonic() + 2 * GOOD_FOR_S
    while outside.get(shown(reading)).status_code != 401:
        assert time.monotonic() < deadline


def test_a_shares_list_says_who_gave_what_to_whom(api: Any, outside: Any, run_id: str) -> None:
    """Newest first, with what became of each; never the token."""
    first, second = share(api, run_id), share(api, run_id, name="The board")
    outside.get(shown(first))
    api("DELETE", f"/api/runs/{run_id}/shares/{second['id']}")

    answer = api.get(f"/api/runs/{run_id}/shares")

    items = answer.json()["items"]
    assert [("The board", True, False), ("Designers", False, True)] == [
        (each["name"], "revokedAt" in each, "lastUsedAt" in each) for each in items
    ]
    assert [each["prefix"] for each in (second, first)] == [each["prefix"] for each in items]
    assert all(each["createdBy"] for each in items)
    assert not [each for each in (first, second) if each["path"].rpartition("/")[2] in answer.text]


def test_a_deleted_run_ends_its_shares(api: Any, outside: Any, run_id: str) -> None:
    made = share(api, run_id)

    api("DELETE", f"/api/runs/{run_id}")

    assert 401 == outside.get(shown(made)).status_code
    assert 404 == api.get(f"/api/runs/{run_id}/shares").status_code


def test_it_outlives_the_key_that_made_it(
    api: Any, road: Any, outside: Any, client_of: Callable[..., Any], run_id: str
) -> None:
    """It is the workspace's, whose editors can revoke it."""
    key = bootstrap.keys().create(road.workspace_id, "Ada's", role=Role.EDITOR)
    made = share(client_of(create_app(), headers={"authorization": f"Bearer {key}"}), run_id)
    with bootstrap.database().transaction() as connection:
        connection.execute("UPDATE api_keys SET revoked_at = now() WHERE name = %s", ["Ada's"])

    assert 200 == outside.get(shown(made)).status_code
    assert ["Ada's"] == [each["createdBy"] for each in api.get(f"/api/runs/{run_id}/shares").json()["items"]]


def test_another_workspaces_run_cannot_be_shared(
    api: Any, client_of: Callable[..., Any], new_workspace: Callable[[], str], run_id: str
) -> None:
    """Nor can its shares be seen or revoked; nor a share by another run's name."""
    made = share(api, run_id)
    key = bootstrap.keys().create(new_workspace(), "theirs")
    theirs = client_of(create_app(), headers={"authorization": f"Bearer {key}"})
    path = f"/api/runs/{run_id}/shares"

    answers = [theirs.post(path, json={"name": "x"}), theirs.get(path), theirs("DELETE", f"{path}/{made['id']}")]
    nowhere = [api("DELETE", f"{path}/{each}") for each in ("x", run_id)]

    assert [404] * 5 == [answer.status_code for answer in (*answers, *nowhere)]
    assert "revokedAt" not in api.get(path).json()["items"][0]


def test_the_audit_log_has_who_shared_and_revoked(api: Any, run_id: str) -> None:
    made = share(api, run_id, name="The board")
    api("DELETE", f"/api/runs/{run_id}/shares/{made['id']}")

    found = [
        (each["action"], each["targetName"])
        for each in api.get("/api/audit").json()["items"]
        if each["targetKind"] == "share"
    ]
    assert [("revoked", "The board"), ("made", "The board")] == found


def test_a_run_is_shared_only_so_many_times(api: Any, run_id: str) -> None:
    """What is revoked or expired makes room."""
    made = [share(api, run_id) for _ in range(MAX_LIVING)]
    refused = api.post(f"/api/runs/{run_id}/shares", json={"name": "one more"})
    api("DELETE", f"/api/runs/{run_id}/shares/{made[0]['id']}")
    share(api, run_id)

    assert (409, True) == (refused.status_code, "Revoke a share first" in refused.json()["detail"])


@pytest.mark.parametrize("token", ["sh_wrong", "sh_", "sh_%00", "%2e%2e", "sh_x%2f..%2f..%2fapi"])
def test_what_is_no_share_leads_nowhere_else(outside: Any, token: str) -> None:
    led = outside.get(f"/api/shared/{token}")

    assert led.status_code in {303, 404}
    assert led.headers.get("location", f"{ORIGIN}/reports/").startswith(f"{ORIGIN}/reports/")
    assert outside.get(f"/reports/{token}/").status_code in {401, 404}
