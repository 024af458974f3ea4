from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from matinee.model.errors import LiveUnavailableError, NotFoundError
from matinee.stores import artifacts as keys
from matinee.stores.artifacts import CHUNK_BYTES, Artifacts, type_of


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket="artifacts")
        yield made


@pytest.fixture
def artifacts(client: Any) -> Artifacts:
    return Artifacts(client, bucket="artifacts")


def test_what_was_put_is_got(artifacts: Artifacts, tmp_path: Path) -> None:
    (tmp_path / "blob.zip").write_bytes(b"zip")

    artifacts.put_file("a", tmp_path / "blob.zip")
    artifacts.put_bytes("b", b"text", content_type="text/plain")

    assert (b"zip", b"text") == (artifacts.get_bytes("a"), artifacts.get_bytes("b"))
    assert (True, False) == (artifacts.exists("a"), artifacts.exists("c"))


def test_what_is_not_there_is_not_found(artifacts: Artifacts) -> None:
    for get in (artifacts.get_bytes, artifacts.open):
        with pytest.raises(NotFoundError):
            get("nothing")


def test_a_file_is_typed_by_its_ending_unless_its_type_is_given(artifacts: Artifacts, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text("<p>")

    artifacts.put_file("told", file)
    artifacts.put_file("given", file, content_type="text/plain")

    assert "text/html; charset=utf-8" == artifacts.open("told").headers["content-type"]
    assert "text/plain" == artifacts.open("given").headers["content-type"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sw.bundle.js", "text/javascript; charset=utf-8"),
        ("0123abc.PNG", "image/png"),
        ("codicon.ttf", "font/ttf"),
        ("trace.zip", "application/zip"),
        ("download.bin", "application/octet-stream"),
        ("noending", "application/octet-stream"),
    ],
)
def test_types_do_not_depend_on_the_machine(name: str, expected: str) -> None:
    assert expected == type_of(name)


def test_an_object_is_served_in_chunks_with_its_headers(artifacts: Artifacts) -> None:
    data = bytes(range(256)) * 4_000
    artifacts.put_bytes("a", data, content_type="application/zip")

    served = artifacts.open("a")
    chunks = list(served)

    assert data == b"".join(chunks)
    assert max(map(len, chunks)) <= CHUNK_BYTES
    assert (200, "bytes", str(len(data)), "application/zip") == (
        served.status,
        served.headers["accept-ranges"],
        served.headers["content-length"],
        served.headers["content-type"],
    )
    assert {"etag", "last-modified"} < set(served.headers)


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=x", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_range_is_served_and_what_is_no_range_is_ignored(
    artifacts: Artifacts, asked: str, status: int, body: bytes, content_range: str | None
) -> None:
    artifacts.put_bytes("a", b"0123456789", content_type="application/zip")

    served = artifacts.open("a", range_header=asked)

    assert (status, body, content_range) == (served.status, b"".join(served), served.headers.get("content-range"))


def test_an_object_that_the_client_has_is_not_sent_again(artifacts: Artifacts) -> None:
    artifacts.put_bytes("a", b"same", content_type="text/plain")
    etag = artifacts.open("a").headers["etag"]

    served = artifacts.open("a", if_none_match=etag)

    assert (304, b"", False) == (served.status, b"".join(served), "content-length" in served.headers)
    assert 200 == artifacts.open("a", if_none_match='"other"').status


@pytest.mark.parametrize("asked", [None, "bytes=2-4"])
def test_a_head_has_the_headers_and_no_bytes(artifacts: Artifacts, asked: str | None) -> None:
    artifacts.put_bytes("a", b"0123456789", content_type="text/plain")

    full, head = (artifacts.open("a", range_header=asked, head=head) for head in (False, True))

    assert (full.status, full.headers, b"") == (head.status, head.headers, b"".join(head))


def test_a_tree_is_stored_below_its_prefix_without_links(artifacts: Artifacts, client: Any, tmp_path: Path) -> None:
    """A link in a report could name any file of the machine."""
    (tmp_path / "secret").write_text("secret")
    report = tmp_path / "report"
    (report / "data").mkdir(parents=True)
    for name in ("index.html", "data/a.png", "data/b.zip", "data/index.html"):
        (report / name).write_text(name)
    (report / "link.txt").symlink_to(tmp_path / "secret")
    (report / "folder").symlink_to(tmp_path)

    assert 4 == artifacts.upload_tree("run/report/", report, workers=2)

    stored = [entry["Key"] for entry in client.list_objects_v2(Bucket="artifacts")["Contents"]]
    assert [f"run/report/{name}" for name in ("data/a.png", "data/b.zip", "data/index.html", "index.html")] == stored
    assert b"data/a.png" == artifacts.get_bytes("run/report/data/a.png")


def test_the_index_of_a_tree_is_there_last(tmp_path: Path) -> None:
    """Who finds a report's index finds all that it names."""
    order: list[str] = []

    class Recording:
        def put_object(self, **parameters: Any) -> None:
            order.append(parameters["Key"])

    for name in ("a.txt", "index.html", "z.txt"):
        (tmp_path / name).write_text(name)

    Artifacts(Recording(), bucket="artifacts").upload_tree("", tmp_path)

    assert "index.html" == order[-1]


def test_a_bucket_that_does_not_answer_is_unavailable(client: Any) -> None:
    artifacts = Artifacts(client, bucket="no-such-bucket")

    for call in (artifacts.get_bytes, artifacts.open, lambda key: artifacts.put_bytes(key, b"", content_type="a/b")):
        with pytest.raises(LiveUnavailableError):
            call("a")


def test_keys_stand_below_their_workspace_and_run() -> None:
    assert "runs/w/r/" == keys.run_prefix("w", "r")
    assert "runs/w/r/tests/t/" == keys.test_prefix("w", "r", "t")
    assert "runs/w/r/scripts/t" == keys.script_key("w", "r", "t")
    assert "viewer/1.65.1/" == keys.viewer_prefix("1.65.1")
