"""People who sign in by an OpenID Connect issuer."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.submit.app import create_app
from matinee import bootstrap
from tests.integration.access.played_issuer import CLIENT_ID, CLIENT_SECRET, PlayedIssuer

ORIGIN = "http://matinee.test"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def running() -> Iterator[PlayedIssuer]:
    issuer = PlayedIssuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(running: PlayedIssuer, road: Any, monkeypatch: pytest.MonkeyPatch) -> PlayedIssuer:  # noqa: ARG001 - its settings are read anew
    """The issuer that this installation has."""
    running.who = {"sub": "1", "email": "Ada@Example.com", "email_verified": True, "name": "Ada Lovelace"}
    running.lies, running.down, running.signs_with = {}, False, running.key
    monkeypatch.setenv("OIDC_ISSUER", running.url)
    monkeypatch.setenv("OIDC_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("OIDC_CLIENT_SECRET", CLIENT_SECRET)
    bootstrap.issuer.forget()
    return running


@pytest.fixture
def outside(road: Any, client_of: Callable[..., Any]) -> Any:  # noqa: ARG001 - the app works with it
    return client_of(create_app())


def begin(outside: Any) -> tuple[str, str]:
    """Begin to sign in; give the address at the issuer's, and the browser's cookie."""
    answer = outside.get("/api/session/sign-on", params={"origin": ORIGIN})
    assert 303 == answer.status_code, answer.text
    return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


def come_back(outside: Any, address: str, cookie: str) -> Any:
    assert address.startswith(f"{ORIGIN}/api/session/sign-on/callback?")
    return outside.get(address.removeprefix(ORIGIN), headers={"cookie": cookie, "accept": "text/html"})


def sign_on(outside: Any, issuer: PlayedIssuer) -> Any:
    address, cookie = begin(outside)
    return come_back(outside, issuer.agree(address), cookie)


def session_of(answer: Any) -> dict[str, str] | None:
    """What the browser has after this answer."""
    kept = [each for each in answer.headers.get_list("set-cookie") if each.startswith("matinee_session=ms_")]
    return {"cookie": kept[0].partition(";")[0], **OURS} if kept else None


def add(api: Any, email: str = "ada@example.com", role: str = "editor") -> Any:
    answer = api.post("/api/members", json={"email": email, "role": role})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def test_a_member_signs_in_and_works_as_what_they_are(api: Any, outside: Any, issuer: PlayedIssuer) -> None:
    """Whatever capitals their address has; the runs that they start are theirs, by hand."""
    added = add(api)
    answer = sign_on(outside, issuer)
    browser = session_of(answer)
    assert browser is not None
    session = outside.get("/api/session", headers=browser).json()
    started = outside.post("/api/test", json={"script": "test('a', () => {})"}, headers=browser).json()["testId"]

    assert ("Signed in", 200) == (_title(answer), answer.status_code)
    assert {"id": added["id"], "email": "ada@example.com", "name": "Ada Lovelace"} == session["member"]
    assert ("editor", False) == (session["role"], "key" in session)
    assert "manual" == outside.get(f"/api/runs/{started}", headers=browser).json()["trigger"]
    assert 403 == outside.get("/api/members", headers=browser).status_code
    (shown,) = api.get("/api/members").json()["items"]
    assert ("Ada Lovelace", True) == (shown["name"], "lastUsedAt" in shown)


def test_who_is_no_member_is_told_so(api: Any, outside: Any, issuer: PlayedIssuer) -> None:
    add(api, "grace@example.com")
    answer = sign_on(outside, issuer)

    assert session_of(answer) is None
    assert "Ada@Example.com" in answer.text
    assert "An owner of one can add you" in answer.text


def test_an_address_counts_only_if_the_issuer_has_verified_it_and_only_once(
    api: Any, outside: Any, issuer: PlayedIssuer
) -> None:
    """Afterwards a member is who the issuer said they are, even if the address becomes somebody else's."""
    add(api)
    issuer.who["email_verified"] = False
    assert session_of(sign_on(outside, issuer)) is None
    issuer.who["email_verified"] = "true"
    assert session_of(sign_on(outside, issuer)) is not None
    issuer.who = {"sub": "2", "email": "ada@example.com", "email_verified": True}
    assert session_of(sign_on(outside, issuer)) is None
    issuer.who = {"sub": "1", "email": "elsewhere@example.com", "email_verified": False}

    assert session_of(sign_on(outside, issuer)) is not None


@pytest.mark.parametrize(
    ("lies", "signed"),
    [
        ({"aud": "another client"}, True),
        ({"iss": "http://elsewhere"}, True),
        ({"exp": 1}, True),
        ({"nonce": "of another attempt"}, True),
        ({}, False),
    ],
    ids=["for another", "by another", "expired", "replayed", "forged"],
)
def test_what_is_not_the_issuers_word_for_us_now_is_refused(
    api: Any, outside: Any, issuer: PlayedIssuer, lies: Any, *, signed: bool
) -> None:
    add(api)
    issuer.lies = lies
    if not signed:
        issuer.signs_with = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    answer = sign_on(outside, issuer)

    assert ("You are not signed in", None) == (_title(answer), session_of(answer))


def test_another_browsers_way_back_is_refused(api: Any, outside: Any, issuer: PlayedIssuer) -> None:
    """Nobody can be signed in as somebody else by a link; nor does one way back work twice."""
    add(api)
    address, cookie = begin(outside)
    back = issuer.agree(address)
    _, others = begin(outside)

    refused = [come_back(outside, back, "matinee_sign_on=x"), come_back(outside, back, others)]
    good = come_back(outside, back, cookie)
    again = come_back(outside, back, cookie)
    assert [None, None] == [session_of(answer) for answer in refused]
    assert session_of(good) is not None
    assert session_of(again) is None
    assert "matinee_sign_on=" in good.headers.get_list("set-cookie")[-1]


def test_an_issuer_that_is_away_is_said_to_be(api: Any, outside: Any, issuer: PlayedIssuer) -> None:
    add(api)
    issuer.down = True
    assert 503 == outside.get("/api/session/sign-on", params={"origin": ORIGIN}).status_code
    issuer.down = False
    address, cookie = begin(outside)
    issuer.down = True
    answer = come_back(outside, issuer.agree(address), cookie)

    assert "does not answer as it should" in answer.text


@pytest.mark.parametrize("origin", ["javascript:alert(1)", "https://a.example/path", "//a.example", "https://a@b", ""])
def test_one_goes_back_to_an_origin_and_nothing_else(outside: Any, issuer: PlayedIssuer, origin: str) -> None:
    assert issuer.url
    assert 422 == outside.get("/api/session/sign-on", params={"origin": origin}).status_code


def test_ways_to_sign_in_are_told_to_everybody(
    outside: Any, issuer: PlayedIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issuer.url
    assert {"singleSignOn": "single sign-on"} == outside.get("/api/session/ways").json()
    monkeypatch.delenv("OIDC_ISSUER")
    bootstrap.reset()
    assert {"singleSignOn": None} == outside.get("/api/session/ways").json()


def test_a_role_counts_from_the_next_request_and_who_is_removed_is_out_at_once(
    api: Any, outside: Any, issuer: PlayedIssuer
) -> None:
    member = add(api, role="viewer")
    browser = session_of(sign_on(outside, issuer))
    assert browser is not None
    script = {"script": "test('a', () => {})"}
    answers = [outside.post("/api/test", json=script, headers=browser)]
    api("PUT", f"/api/members/{member['id']}", json={"role": "editor"})
    answers.append(outside.post("/api/test", json=script, headers=browser))
    assert 403 == outside.post("/api/session/links", headers=browser).status_code, "a link is one to a key"
    api("DELETE", f"/api/members/{member['id']}")
    answers.append(outside.get("/api/runs", headers=browser))

    assert [403, 202, 401] == [answer.status_code for answer in answers]
    assert "yours is viewer" in answers[0].json()["detail"]


def test_somebody_in_two_workspaces_goes_from_one_to_the_other(
    api: Any, other: Any, outside: Any, issuer: PlayedIssuer
) -> None:
    """With one sign-in, as what they are there; where they do not belong, they cannot go."""
    add(api, role="viewer")
    add(other, role="owner")
    browser = session_of(sign_on(outside, issuer))
    assert browser is not None
    places = {each["name"]: each["id"] for each in outside.get("/api/workspaces", headers=browser).json()["items"]}
    assert {"Default", "Other"} == places.keys()
    here = outside.get("/api/session", headers=browser).json()["workspace"]["id"]
    (there,) = set(places.values()) - {here}
    gone = outside("PUT", "/api/session", json={"workspaceId": there}, headers=browser)
    assert there == gone.json()["workspace"]["id"]
    moved = session_of(gone)
    assert moved is not None
    assert 401 == outside.get("/api/runs", headers=browser).status_code, "the former session is over"
    nowhere = {"workspaceId": "00000000-0000-7000-8000-00000000dead"}

    assert 404 == outside("PUT", "/api/session", json=nowhere, headers=moved).status_code
    assert [200, 200] == [outside.get(path, headers=moved).status_code for path in ("/api/session", "/api/workspace")]


def test_who_is_a_member_already_or_has_no_address_is_refused(api: Any) -> None:
    add(api)
    assert 409 == api.post("/api/members", json={"email": "ADA@example.com"}).status_code
    answers = [
        api.post("/api/members", json={"email": email}) for email in ("ada", "@example.com", "a b@c.de", "a@b", "")
    ]

    assert {(422, "email")} == {(answer.status_code, answer.json()["errors"][0]["field"]) for answer in answers}


def test_another_workspace_is_made_by_an_owner_of_the_first_and_has_nothing_of_it(
    api: Any, other: Any, client_of: Callable[..., Any]
) -> None:
    assert ["Other"] == [each["name"] for each in other.get("/api/workspaces").json()["items"]]
    made = api.post("/api/workspaces", json={"name": "Second"}).json()
    second = client_of(create_app(), headers={"authorization": f"Bearer {made['key']}"})

    assert ("Second", []) == (second.get("/api/workspace").json()["name"], second.get("/api/runs").json()["items"])
    assert {"Default", "Other", "Second"} == {each["name"] for each in api.get("/api/workspaces").json()["items"]}
    assert ["Second"] == [each["name"] for each in second.get("/api/workspaces").json()["items"]]
    assert 403 == second.post("/api/workspaces", json={"name": "Third"}).status_code


def _title(answer: Any) -> str:
    return str(answer.text.partition("<h1>")[2].partition("</h1>")[0])
