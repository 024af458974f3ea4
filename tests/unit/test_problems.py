import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel

from functions.submit.app import create_app
from matinee.http import problems
from matinee.http.auth import principal_from
from matinee.http.limits import BodyLimit
from matinee.model import errors
from matinee.model.access import Actor, Principal, Role

KEY = Actor(kind="key", id="k", name="CI")
OWNER = Principal(workspace_id="w", role=Role.OWNER, actor=KEY)
VISITOR = Principal(workspace_id="w", role=Role.OWNER, actor=KEY, session=True)


class Ring:
    """Knows one key, and one ticket for run r1."""

    def principal_of(self, key: str) -> Principal | None:
        return OWNER if key == "mt_good" else None

    def ticket_principal(self, ticket: str) -> Principal | None:
        return Principal(workspace_id="w", role=Role.VIEWER, run_id="r1") if ticket == "tk_good" else None


class Book:
    """Knows one session."""

    def principal_of(self, token: str) -> Principal | None:
        return VISITOR if token == "ms_good" else None


class Body(BaseModel):
    number: int


@pytest.fixture
def client(client_of: Callable[..., Any]) -> Any:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(BodyLimit, most=100)

    @app.get("/raise/{name}")
    def fail(name: str) -> None:
        kind = getattr(errors, name)
        error = kind.__new__(kind)
        errors.MatineeError.__init__(error)  # whatever else the kind wants to know
        raise error

    @app.get("/detail")
    def fail_in_detail() -> None:
        raise errors.ScriptInvalidError("Line 1: no", line=1, half="\ud800")

    @app.put("/busy")
    @app.get("/busy")
    def fail_for_now() -> None:
        raise errors.TooManyRequestsError("No more today", retry_after=7)

    @app.get("/bug")
    def fail_utterly() -> None:
        raise RuntimeError("of a secret")

    @app.post("/body")
    def take(body: Body) -> int:
        return body.number

    @app.api_route("/who", methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
    def who(request: Request) -> Principal:
        return principal_from(request, Ring(), Book())

    @app.get("/who/{run_id}")
    def who_reads(request: Request, run_id: str) -> Principal:
        return principal_from(request, Ring(), Book(), run_id=run_id)

    return client_of(app)


def our_errors() -> list[type[errors.MatineeError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, errors.MatineeError)]


def test_every_error_of_ours_has_its_place_in_the_table() -> None:
    assert set(our_errors()) == set(problems.TABLE)


@pytest.mark.parametrize("kind", our_errors())
def test_an_error_is_answered_with_its_status_and_its_docstring(client: Any, kind: Any) -> None:
    status, name = problems.TABLE[kind]

    answer = client.get(f"/raise/{kind.__name__}")

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert {"type": f"urn:matinee:problem:{name}", "status": status, "detail": kind.__doc__.strip()}.items() <= (
        answer.json().items()
    )


def test_an_errors_further_members_are_told_whatever_is_in_them(client: Any) -> None:
    answer = json.loads(client.get("/detail").content)

    assert ("Line 1: no", 1, "\ud800") == (answer["detail"], answer["line"], answer["half"])


def test_a_refused_caller_is_told_how_to_come_in(client: Any) -> None:
    assert "Bearer" == client.get("/raise/UnauthorizedError").headers["www-authenticate"]


def test_what_is_down_asks_to_be_tried_again(client: Any) -> None:
    assert "5" == client.get("/raise/DatabaseUnavailableError").headers["retry-after"]


def test_what_comes_too_often_is_told_when_to_come_again(client: Any) -> None:
    answer = client.get("/busy")

    assert (429, "7", "No more today") == (answer.status_code, answer.headers["retry-after"], answer.json()["detail"])


def test_a_bug_is_a_problem_too_and_tells_nothing(client: Any) -> None:
    answer = client.get("/bug")

    assert (500, "urn:matinee:problem:internal") == (answer.status_code, answer.json()["type"])
    assert "secret" not in answer.text


def test_an_unknown_path_and_a_wrong_method_are_problems(client: Any) -> None:
    """Allowed is what any route of the path takes, not only the first."""
    unknown, wrong = client.get("/nowhere"), client("DELETE", "/busy")

    assert (404, "urn:matinee:problem:not-found") == (unknown.status_code, unknown.json()["type"])
    assert (405, "GET, PUT") == (wrong.status_code, wrong.headers["allow"])


@pytest.mark.parametrize("path", ["/api/tests/", "/api/runs/x/", "/api/health/"])
def test_a_slash_too_many_leads_nowhere(client_of: Callable[..., Any], path: str) -> None:
    """Least of all to the host that the request itself names."""
    answer = client_of(create_app()).get(path, headers={"host": "elsewhere.example"})

    assert (404, False) == (answer.status_code, "location" in answer.headers)


def test_a_body_that_is_no_json_is_400(client: Any) -> None:
    answer = client.post("/body", content=b"{", headers={"content-type": "application/json"})

    assert (400, "urn:matinee:problem:invalid-json") == (answer.status_code, answer.json()["type"])


def test_nesting_beyond_reason_is_400(client_of: Callable[..., Any]) -> None:
    """The JSON parser gives up on it with an error of another kind."""
    app = FastAPI()
    problems.install(app)

    @app.post("/body")
    def take(body: Body) -> int:
        return body.number

    answer = client_of(app).post("/body", content=b"[" * 500_000, headers={"content-type": "application/json"})

    assert 400 == answer.status_code


def test_a_wrong_field_is_named_and_its_value_is_not_repeated(client: Any) -> None:
    answer = client.post("/body", json={"number": "hush"})

    assert 422 == answer.status_code
    assert [("body", "number")] == [(each["in"], each["field"]) for each in answer.json()["errors"]]
    assert "hush" not in answer.text


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_above_the_limit_is_413_whether_its_length_was_declared(client: Any, *, declared: bool) -> None:
    body = json.dumps({"number": 1, "more": "x" * 100}).encode()

    sent: Any = {"content": body} if declared else {"chunks": [body[:60], body[60:]]}
    answer = client.post("/body", headers={"content-type": "application/json"}, **sent)

    assert (413, "urn:matinee:problem:body-too-large") == (answer.status_code, answer.json()["type"])


def test_a_body_within_the_limit_arrives_whole(client: Any) -> None:
    chunks = [b'{"num', b'ber": 7}']

    assert 7 == client.post("/body", chunks=chunks, headers={"content-type": "application/json"}).json()


@pytest.mark.parametrize("header", [None, "mt_good", "Basic mt_good", "Bearer", "Bearer mt_bad", "Bearer tk_good"])
def test_only_a_good_bearer_key_comes_in(client: Any, header: str | None) -> None:
    assert 401 == client.get("/who", headers={"authorization": header} if header else {}).status_code


@pytest.mark.parametrize("header", ["Bearer mt_good", "bearer  mt_good "])
def test_a_key_comes_in_everywhere(client: Any, header: str) -> None:
    assert [200, 200] == [
        client.get(path, headers={"authorization": header}).status_code for path in ("/who", "/who/r1")
    ]


def test_a_ticket_opens_its_own_run_and_nothing_else(client: Any) -> None:
    paths = (
        "/who/r1?ticket=tk_good",
        "/who/r2?ticket=tk_good",
        "/who?ticket=tk_good",
        "/who/r1?ticket=tk_bad",
        "/who/r1",
    )

    assert [200, 401, 401, 401, 401] == [client.get(path).status_code for path in paths]


def test_a_wrong_key_is_not_made_good_by_a_ticket(client: Any) -> None:
    assert 401 == client.get("/who/r1?ticket=tk_good", headers={"authorization": "Bearer mt_bad"}).status_code


def test_a_session_comes_in_everywhere(client: Any) -> None:
    headers = {"cookie": "matinee_session=ms_good"}

    answers = [client.get(path, headers=headers) for path in ("/who", "/who/r1")]
    assert [(200, True)] * 2 == [(answer.status_code, answer.json()["session"]) for answer in answers]
    assert 401 == client.get("/who", headers={"cookie": "matinee_session=ms_bad"}).status_code


def test_a_key_goes_before_a_ticket_and_a_ticket_before_a_session(client: Any) -> None:
    session = {"cookie": "matinee_session=ms_good"}
    asked = [
        ("?ticket=tk_good", {"authorization": "Bearer mt_good", **session}),
        ("?ticket=tk_good", session),
        ("", session),
    ]

    found = [client.get(f"/who/r1{query}", headers=headers).json() for query, headers in asked]

    assert [(None, False), ("r1", False), (None, True)] == [(each["run_id"], each["session"]) for each in found]


@pytest.mark.parametrize("ticket", ["tk_bad", ""])
def test_a_ticket_that_is_no_good_does_not_lock_a_session_out(client: Any, ticket: str) -> None:
    assert 200 == client.get(f"/who/r1?ticket={ticket}", headers={"cookie": "matinee_session=ms_good"}).status_code


def test_a_wrong_key_is_not_made_good_by_a_session(client: Any) -> None:
    headers = {"authorization": "Bearer mt_bad", "cookie": "matinee_session=ms_good", "sec-fetch-site": "same-origin"}

    assert [401, 401] == [client(method, "/who", headers=headers).status_code for method in ("GET", "POST")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("site", [None, "none", "same-site", "cross-site", "Same-Origin"])
def test_a_session_changes_nothing_but_from_our_own_pages(client: Any, method: str, site: str | None) -> None:
    """Another port of this machine is the same site, and its pages' requests bring our cookie along."""
    headers = {"cookie": "matinee_session=ms_good", **({"sec-fetch-site": site} if site else {})}

    refused = client(method, "/who", headers=headers)

    assert (403, "urn:matinee:problem:forbidden") == (refused.status_code, refused.json()["type"])
    assert "Programs send an API key." in refused.json()["detail"]
    assert 200 == client(method, "/who", headers=headers | {"sec-fetch-site": "same-origin"}).status_code


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_session_reads_wherever_the_request_comes_from(client: Any, method: str) -> None:
    """A report is opened from a link in a mail, say, once its page is loaded anew; no other page reads the answer."""
    headers = {"cookie": "matinee_session=ms_good", "sec-fetch-site": "cross-site"}

    assert 200 == client(method, "/who", headers=headers).status_code


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer mt_good"}, {"authorization": "Bearer mt_good", "cookie": "matinee_session=x"}]
)
def test_a_key_changes_things_from_anywhere(client: Any, headers: dict[str, str]) -> None:
    assert 200 == client("DELETE", "/who", headers=headers | {"sec-fetch-site": "cross-site"}).status_code
