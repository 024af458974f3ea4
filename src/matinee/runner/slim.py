"""Blob reports: Playwright's zip of `report.jsonl` and `resources/`, split so that a merge need not carry what it never reads.

The resources (traces, screenshots, videos) go where the report will look for them, once; what is left, with the script's source beside it, is
the slim blob: all that a merge wants. A script could write into its own blob whatever it likes, so nothing of it is taken on trust.
"""

import base64
import hashlib
import io
import json
import logging
import mimetypes
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from matinee.runner.scrub import NOTHING_TO_HIDE, Scrubber, Stream
from matinee.runner.scrubbed import WithheldError, scrub_content, scrub_file
from matinee.runner.told import Document, Told, agree, documents

logger = logging.getLogger(__name__)

#: What is kept of a blob, in bytes: of its events, unpacked, and of its resources together.
MOST_EVENT_BYTES = 64 << 20
MOST_RESOURCE_BYTES = 512 << 20
MOST_RESOURCES = 2_000
#: What tests attach as a body lies within the events; from this size on it becomes a file.
_INLINE_BYTES = 100_000
_RESOURCE = re.compile(r"resources/([0-9a-f]{40}\.[A-Za-z0-9]{1,16})")
_REPORT = "report.jsonl"
_SOURCE = "source/"
_NOT_KEPT = base64.b64encode(b"It was too large to be kept, or could not be read.").decode()
#: What reading a zip, and JSON, and making sense of them may raise when somebody wants it to.
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Slim:
    """A slim blob, unpacked."""

    report: bytes  #: the events, one JSON document a line
    good: bool  #: whether they end without a failure
    source: bytes | None = None  #: of the script, if it is known


def split(blob: Path | None, told: Told, *, into: Path, scrubber: Scrubber = NOTHING_TO_HIDE) -> bytes:
    """Give the events of a test's blob as they may be merged, and put its resources into the folder `into`.

    What `scrubber` knows is in none of it. A blob that is not there, or is none, is made up from what is told.
    """
    try:
        if blob is None:
            return lines(documents(told))
        with _opened(blob) as file, zipfile.ZipFile(file) as archive:
            events = agree(_scrubbed(_events(archive), scrubber), told)
            _take_out(archive, events, into, scrubber)
            return lines(events)
    except _BROKEN as error:
        logger.info("a blob that cannot be merged: %s", type(error).__name__)
        return lines(documents(told))


def lines(events: Iterable[Document]) -> bytes:
    """Write events as a blob has them."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def pack(report: bytes, *, file: str, source: str) -> bytes:
    """Make the slim blob."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_REPORT, report)
        archive.writestr(_SOURCE + file, source.encode())
    return packed.getvalue()


def unpack(data: bytes, *, most: int = MOST_EVENT_BYTES) -> Slim:
    """Read a slim blob whose events have so many bytes at the most.

    Raises:
        ValueError: if it is none, or has more.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(_REPORT).file_size > most:
                raise ValueError("too much was said")
            named = next((info for info in archive.infolist() if info.filename.startswith(_SOURCE)), None)
            report = archive.read(_REPORT)
            end = json.loads(report.rstrip().rpartition(b"\n")[2])["params"]["result"]
            return Slim(report, end["status"] == "passed", archive.read(named) if named else None)
    except _BROKEN as error:
        raise ValueError("this is no slim blob") from error


def _opened(path: Path) -> BinaryIO:
    """Open a file that a script may have written: it may be a link to one that the script could not read."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _events(archive: zipfile.ZipFile) -> Sequence[Document]:
    info = archive.getinfo(_REPORT)
    if info.file_size > MOST_EVENT_BYTES:
        raise ValueError("too much was said")
    with archive.open(info) as file:
        return [json.loads(line, parse_constant=_refuse) for line in file if line.strip()]


def _scrubbed(events: Sequence[Document], scrubber: Scrubber) -> Sequence[Document]:
    """Take the secrets out of events. What a test printed has been cut anywhere; what it attached has its own form."""
    if not scrubber:
        return events
    streams: dict[str, tuple[Stream, Document]] = {}
    made = []
    for event in events:
        said = event.get("params") or {}
        bodies = [each.pop("base64", None) for each in said.get("attachments", ())]
        fresh = scrubber.document(event)
        for attachment, body in zip(fresh["params"]["attachments"] if bodies else (), bodies, strict=True):
            attachment.update({} if body is None else _body(body, scrubber))
        if event["method"] == "onStdIO":
            name = json.dumps([said.get(part) for part in ("type", "testId", "resultId")])
            stream, _ = streams.get(name, (scrubber.stream(), None))
            _print(fresh["params"], stream.feed(_printed(said)))
            streams[name] = stream, fresh["params"]
        made.append(fresh)
    for stream, last in streams.values():
        _print(last, _printed(last) + stream.end())
    return made


def _printed(said: Document) -> bytes:
    return base64.b64decode(said["data"]) if said.get("isBase64") else said["data"].encode(errors="replace")


def _print(said: Document, piece: bytes) -> None:
    said |= {"data": piece.decode(errors="replace"), "isBase64": False}


def _body(body: str, scrubber: Scrubber) -> Document:
    """Give the members of an attachment whose body has no secret any more."""
    try:
        return {"base64": base64.b64encode(scrub_content(base64.b64decode(body), scrubber)).decode()}
    except WithheldError as error:
        return _note(error)


def _note(error: WithheldError) -> Document:
    return {"base64": base64.b64encode(error.detail.encode()).decode(), "contentType": "text/plain"}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _take_out(archive: zipfile.ZipFile, events: Sequence[Document], into: Path, scrubber: Scrubber) -> None:
    """Put all that the events refer to into files of their own, as far as it is there and can be kept."""
    infos = {info.filename: info for info in archive.infolist()[: MOST_RESOURCES + 1]}
    left = MOST_RESOURCE_BYTES
    for attachment in [
        each for event in events if event["method"] == "onAttach" for each in event["params"]["attachments"]
    ]:
        path, body = attachment.get("path"), attachment.get("base64") or ""
        info = infos.get(path) if path else None
        if info and info.file_size <= left and _extract(archive, info, into):
            left -= info.file_size
            if scrubber:
                _scrub(attachment, into, scrubber)
        elif path:
            del attachment["path"]
            attachment |= {"base64": _NOT_KEPT, "contentType": "text/plain"}
        elif len(body) > _INLINE_BYTES:
            del attachment["base64"]
            attachment["path"] = _put_out(base64.b64decode(body), str(attachment.get("contentType")), into)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, into: Path) -> bool:
    name = _RESOURCE.fullmatch(info.filename)
    if name is None:
        return False
    try:
        with archive.open(info) as packed, (into / name[1]).open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    except _BROKEN:
        (into / name[1]).unlink(missing_ok=True)
        return False
    return True


def _scrub(attachment: Document, into: Path, scrubber: Scrubber) -> None:
    """Take the secrets out of a file that a test attached; if that cannot be done, a note stands in its place."""
    file = into / PurePosixPath(attachment["path"]).name
    try:
        scrub_file(file, scrubber)
    except WithheldError as error:
        file.unlink()
        del attachment["path"]
        attachment |= _note(error)


def _put_out(body: bytes, media_type: str, into: Path) -> str:
    ending = mimetypes.guess_extension(media_type.partition(";")[0]) or ".dat"
    name = hashlib.sha1(body, usedforsecurity=False).hexdigest() + ending
    (into / name).write_bytes(body)
    return f"resources/{name}"
