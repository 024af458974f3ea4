"""The artifacts bucket (S3): scripts, blobs, reports and consoles of runs, and the trace viewer."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from matinee.model.errors import LiveUnavailableError, NotFoundError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

#: How much of an object is in memory while it is served.
CHUNK_BYTES = 256 * 1024

#: What is longer is refused by S3, and not as something that is not there: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MOST_KEY_BYTES = 1024
_UNKNOWN_TYPE = "application/octet-stream"
#: What reports consist of. Python's own table differs from one machine to the next.
_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
#: One range; anything else in a Range header may be ignored (RFC 9110, 14.2), and S3 ignores it too.
_RANGE = re.compile(r"bytes=(\d{1,18}-\d{0,18}|-\d{1,18})")
#: What is passed on of what S3 says, by the status. An error's own body is S3's XML, of no use to anyone.
_WHOLE = ("content-type", "content-length", "etag", "last-modified")
_HEADERS = {
    200: _WHOLE,
    206: (*_WHOLE, "content-range"),
    304: ("etag", "last-modified"),
    416: ("content-range", "content-length"),
}


def type_of(name: str) -> str:
    """Tell the media type of a file by its ending."""
    return _CONTENT_TYPES.get(PurePosixPath(name).suffix.lower(), _UNKNOWN_TYPE)


def run_prefix(workspace_id: str, run_id: str) -> str:
    """Give the prefix of everything that a run has in the bucket."""
    return f"runs/{workspace_id}/{run_id}/"


def test_prefix(workspace_id: str, run_id: str, test_id: str) -> str:
    """Give the prefix of what one test of a run left: `blob.zip`, `console.txt`."""
    return f"{run_prefix(workspace_id, run_id)}tests/{test_id}/"


test_prefix.__test__ = False  # type: ignore[attr-defined]  # no test, whatever pytest reads into the name


def report_prefix(workspace_id: str, run_id: str) -> str:
    """Give the prefix of a run's report: `index.html`, `junit.xml`, `results.json`, and `data/` for all that tests attached."""
    return f"{run_prefix(workspace_id, run_id)}report/"


def manifest_key(workspace_id: str, run_id: str) -> str:
    """Give the key of what merge_report must know of a job's run: its tests and how they ended."""
    return f"{run_prefix(workspace_id, run_id)}manifest.json"


def script_key(workspace_id: str, run_id: str, test_id: str) -> str:
    """Give the key of a script that is too large for a queue's message."""
    return f"{run_prefix(workspace_id, run_id)}scripts/{test_id}"


def viewer_prefix(playwright_version: str) -> str:
    """Give the prefix of the trace viewer that belongs to the reports of one Playwright version."""
    return f"viewer/{playwright_version}/"


@dataclass(frozen=True)
class Served:
    """S3's answer to an HTTP request for an object. To be iterated once, or closed."""

    status: int  #: 200, 206, 304 or 416
    headers: dict[str, str]  #: lower-case names
    marks: dict[str, str] = field(default_factory=dict)  #: what was stored along with it
    _body: "StreamingBody | None" = field(default=None, repr=False)

    def __iter__(self) -> Iterator[bytes]:
        """Give the bytes in chunks of at most `CHUNK_BYTES`; nothing is read ahead."""
        if self._body:
            with closing(self._body) as body:
                yield from body.iter_chunks(CHUNK_BYTES)

    def close(self) -> None:
        """Hang up, whether or not everything was read."""
        if self._body:
            self._body.close()


class Artifacts:
    """The bucket. Every method raises LiveUnavailableError if S3 does not answer."""

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_file(
        self, key: str, path: Path, *, content_type: str | None = None, marks: Mapping[str, str] | None = None
    ) -> None:
        """Store a file (5 GB at most) without holding it in memory; its type is told by its ending unless it is given."""
        kind = content_type or type_of(path.name)
        with path.open("rb") as file, _translated():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=file, ContentType=kind, Metadata=marks or {})

    def put_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store `data`."""
        with _translated():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    def get_bytes(self, key: str) -> bytes:
        """Read a small object whole.

        Raises:
            NotFoundError: if there is none.
        """
        with _translated(), closing(self._client.get_object(Bucket=self._bucket, Key=key)["Body"]) as body:
            return body.read()

    def delete_all(self, prefix: str) -> int:
        """Delete every object whose key begins with `prefix`; give how many there were."""
        deleted = 0
        with _translated():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:  # a page has as many keys as one deletion may name: 1,000
                if found := page.get("Contents"):
                    answer = self._client.delete_objects(
                        Bucket=self._bucket,
                        Delete={"Objects": [{"Key": each["Key"]} for each in found], "Quiet": True},
                    )
                    if answer.get("Errors"):
                        raise LiveUnavailableError
                    deleted += len(found)
        return deleted

    def exists(self, key: str) -> bool:
        """Tell whether there is an object with that key."""
        try:
            with _translated():
                self._client.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def open(
        self, key: str, *, range_header: str | None = None, if_none_match: str | None = None, head: bool = False
    ) -> Served:
        """Begin to serve an object as an HTTP request asks for it; `head` leaves the bytes away.

        Raises:
            NotFoundError: if there is none.
        """
        if len(key.encode()) > _MOST_KEY_BYTES:
            raise NotFoundError
        asked: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if range_header and _RANGE.fullmatch(range_header.strip()):
            asked["Range"] = range_header.strip()
        if if_none_match:
            asked["IfNoneMatch"] = if_none_match
        try:
            answer: Any = self._client.head_object(**asked) if head else self._client.get_object(**asked)
        except ClientError as error:
            answer = error.response
            if answer["ResponseMetadata"]["HTTPStatusCode"] not in {304, 416}:
                raise _meaning(error) from error
        except BotoCoreError as error:
            raise LiveUnavailableError from error
        return _served(answer)

    def upload_tree(
        self, prefix: str, directory: Path, *, workers: int = 8, index_marks: Mapping[str, str] | None = None
    ) -> int:
        """Store all files below `directory`, several at once, and `index.html` when the rest is there; give how many.

        Symbolic links are left out: they may lead anywhere.
        """
        index = directory / "index.html"
        files = set(_regular_files(directory))

        def put(path: Path) -> None:
            self.put_file(prefix + path.relative_to(directory).as_posix(), path)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(put, files - {index}))
        if index in files:
            self.put_file(f"{prefix}index.html", index, marks=index_marks)
        return len(files)


def _regular_files(directory: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(directory, followlinks=False):
        for name in names:
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _served(answer: Any) -> Served:
    metadata = answer["ResponseMetadata"]
    said = {name.lower(): value for name, value in metadata["HTTPHeaders"].items()}
    status: int = metadata["HTTPStatusCode"]
    if size := answer.get("Error", {}).get("ActualObjectSize"):  # S3 says in its XML what HTTP says in a header
        said["content-range"] = f"bytes */{size}"
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        said["content-length"] = "0"  # the length that S3 said is of its XML
    return Served(
        status=status,
        headers={"accept-ranges": "bytes", **{name: said[name] for name in _HEADERS[status] if name in said}},
        marks=answer.get("Metadata", {}),
        _body=answer.get("Body"),
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except BotoCoreError as error:
        raise LiveUnavailableError from error


def _meaning(error: ClientError) -> NotFoundError | LiveUnavailableError:
    return NotFoundError() if error.response["Error"]["Code"] in {"NoSuchKey", "404"} else LiveUnavailableError()
