"""The stack itself as the aim: its API, its emulator, its dispatcher, its database, and what other runs left in them."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg.conninfo
import pytest
from botocore.config import Config
from httpx_sse import connect_sse

from local import own
from local.stack import Stack
from tests.integration.hostile.conftest import attacks_of, own_address, script


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def attacked(stack: Stack, api: httpx.Client) -> dict[str, Any]:
    """A run that aims at the stack, as it ended."""
    assert stack.postgres is not None
    ports = {
        "API": stack.url,
        "reports": stack.report_url,
        "emulator": stack.aws.endpoint,
        "dispatcher": stack.aws.dispatcher.origin,
    }
    variables = {
        "PORTS": json.dumps({name: urlsplit(url).port for name, url in ports.items()}),
        "OWN": own_address(),
        "ELSEWHERE": str(stack.home.path),
        "POSTGRES": str(psycopg.conninfo.conninfo_to_dict(stack.postgres.conninfo)["host"]),
    }
    asked = {"script": script("stack"), "timeoutSeconds": 60, "variables": variables}
    accepted = api.post("/api/test", json=asked).raise_for_status().json()
    with connect_sse(api, "GET", accepted["links"]["events"]) as source:
        assert [event for event in source.iter_sse() if event.event == "end"]
    run: dict[str, Any] = api.get(accepted["links"]["self"]).raise_for_status().json()
    return run


@pytest.mark.parametrize("attack", attacks_of("stack"))
def test_no_script_reaches_the_stack_that_runs_it(attacked: dict[str, Any], attack: str, stack: Stack) -> None:
    """By no address, from Node or a page; its folders and sockets are not there."""
    if attack.endswith("there") and stack.aws and api_sandbox(stack)["kind"] != "bubblewrap":
        pytest.skip("this machine allows no namespaces, so scripts see what we see")
    (test,) = attacked["tests"]

    assert [("passed", None)] == [
        (case["status"], case.get("message")) for case in test["cases"] if case["title"] == attack
    ]


def api_sandbox(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{stack.url}/api/health", timeout=60).json()["sandbox"]
    return found


def test_health_says_which_walls_stand(stack: Stack, attacked: dict[str, Any]) -> None:
    """A worker has run a test by now, and has said it."""
    assert attacked
    told = api_sandbox(stack)

    assert "open" == told["egress"]
    assert ("ok", True) == (told["status"], told["hardened"])


@pytest.mark.parametrize(
    "path",
    ["/", "/_ministack/health", "/_ministack/reset", "/_ministack/state", "/_localstack/health", "/artifacts/runs/"],
)
@pytest.mark.parametrize(
    "signed",
    [
        {},
        {
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        },
        {"Authorization": "AWS4-HMAC-SHA256 Credential=/20260101/us-east-1/s3/aws4_request"},
        {"Authorization": "Bearer x"},
        {"X-Amz-Credential": "test/20260101/us-east-1/s3/aws4_request"},
    ],
    ids=["unsigned", "another key", "no key", "a bearer", "presigned by another key"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_emulator_refuses_whoever_is_not_its_stack(
    stack: Stack, method: str, path: str, signed: dict[str, str]
) -> None:
    """Whatever is asked for: objects, its administration, its health; without its key, and with the one that everybody knows."""
    query = f"?X-Amz-Credential={signed['X-Amz-Credential']}" if "X-Amz-Credential" in signed else ""
    headers = {name: value for name, value in signed.items() if name == "Authorization"}
    asked = urllib.request.Request(f"{stack.aws.endpoint}{path}{query}", headers=headers, method=method)

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    refused.value.close()
    assert 403 == refused.value.code


def test_its_own_stack_the_emulator_obeys(stack: Stack) -> None:
    """By its header, and by a presigned URL."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    s3 = stack.aws.session.client("s3", endpoint_url=stack.aws.endpoint, config=config)
    (bucket,) = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="hostile/own", Body=b"ours")
    presigned = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "hostile/own"})

    with urllib.request.urlopen(presigned, timeout=10) as answer:
        assert b"ours" == answer.read()
    s3.delete_object(Bucket=bucket, Key="hostile/own")
    s3.close()


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("postgresql://u:p@127.0.0.1:6543/x", "[127.0.0.1]:6543 here:6543"),
        ("postgresql://u:p@localhost/x", "here:5432"),
        ("host=192.0.2.77 port=5433 dbname=x", "[192.0.2.77]:5433"),
        ("postgresql://192.0.2.77,192.0.2.78:7000/x", "[192.0.2.77]:5432 [192.0.2.78]:7000"),
        ("postgresql:///x?host=/run/postgresql", ""),
        ("not a URL", ""),
    ],
)
def test_a_database_on_the_network_is_the_stack_s_own(url: str, places: str) -> None:
    """Wherever it is, and at each of this machine's addresses if it is here; one on a socket in a folder has no port."""
    found = own.places(["http://127.0.0.1:8400"], database_url=url).split()

    assert "here:8400" == found[0]
    assert set(places.split()) <= set(found[1:])
    assert bool(places) is bool(found[1:])
