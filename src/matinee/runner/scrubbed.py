"""Files that a run leaves, without its secrets: texts, JSON, archives of such. What cannot be searched is not kept."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matinee.model.errors import MatineeError
from matinee.runner.scrub import Scrubber

#: Of one file, with all that is packed in it, in bytes.
MOST_BYTES = 256 << 20
_MOST_DEPTH = 3
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)

_GZIP = b"\x1f\x8b"
#: Pictures, sound, films and typefaces, by how they begin: what is to be seen in them is out of reach, and is kept.
_MEDIA = (
    b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"\0\0\1\0", b"\x1aE\xdf\xa3", b"wOFF", b"wOF2", b"\0\1\0\0", b"OTTO", b"OggS",
    b"ID3", b"fLaC",
)  # fmt: skip
_FILM, _FILM_AT = b"ftyp", 4
#: Packed in a way that is not undone here.
_PACKED = (b"%PDF", b"(\xb5/\xfd", b"\xfd7zXZ", b"BZh", b"7z\xbc\xaf", b"Rar!", b'\x04"M\x18', b"\x1f\x9d", b"MSCF")  # fmt: skip
_TAR, _TAR_AT = b"ustar", 257
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class WithheldError(MatineeError):
    """It was withheld: this run has secrets, and it could not be searched for them."""

    def __init__(self, why: str) -> None:
        super().__init__(f"It was withheld: this run has secrets, and it could not be searched for them ({why}).")


def scrub_file(path: Path, scrubber: Scrubber) -> None:
    """Take the secrets out of a file.

    Raises:
        WithheldError: if nobody can say that there are none; the file is not to be kept then.
    """
    if path.stat().st_size > MOST_BYTES:
        raise WithheldError("it is too large")
    data = path.read_bytes()
    scrubbed = scrub_content(data, scrubber)
    if scrubbed is not data:
        path.write_bytes(scrubbed)


def scrub_content(data: bytes, scrubber: Scrubber) -> bytes:
    """Give a file's content without secrets; the same object if there were none.

    Raises:
        WithheldError: as `scrub_file` does.
    """
    try:
        return _Reader(scrubber).read(data, depth=0)
    except _BROKEN as error:
        raise WithheldError("it is broken") from error


class _Reader:
    """Reads one file, and all that is packed in it."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber
        self._left = MOST_BYTES

    def read(self, data: bytes, *, depth: int) -> bytes:
        self._left -= len(data)
        if self._left < 0 or depth > _MOST_DEPTH:
            raise WithheldError("too much is packed in it")
        if zipfile.is_zipfile(io.BytesIO(data)):
            return self._zip(data, depth=depth)
        if data.startswith(_GZIP):
            return gzip.compress(self.read(self._gunzipped(data), depth=depth + 1), mtime=0)
        if data.startswith(_PACKED):
            raise WithheldError("it is packed in a way that is not undone here")
        if _is_fixed(data):
            if self._scrubber.finds(data):
                raise WithheldError("a secret is in it, where nothing can be taken out")
            return data
        if wide := _WIDE.get(data[:2]):
            return data[:2] + self._scrubber.text(data[2:].decode(wide, "replace")).encode(wide, "replace")
        return self._text(data)

    def _zip(self, data: bytes, *, depth: int) -> bytes:
        if not data.startswith(b"PK"):
            raise WithheldError("it is an archive and something else")
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for info in packed.infolist():
                if info.file_size > self._left:
                    raise WithheldError("too much is packed in it")
                fresh = zipfile.ZipInfo(self._scrubber.text(info.filename), info.date_time)
                fresh.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(fresh, self._member(packed.read(info), depth=depth + 1))
        return made.getvalue()

    def _member(self, data: bytes, *, depth: int) -> bytes:
        """Scrub what an archive has; what cannot be, is not in it any more, and says so in its place."""
        try:
            return self.read(data, depth=depth)
        except WithheldError as error:
            return error.detail.encode()

    def _gunzipped(self, data: bytes) -> bytes:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = packed.read(self._left + 1)
        if len(plain) > self._left:
            raise WithheldError("too much is packed in it")
        return plain

    def _text(self, data: bytes) -> bytes:
        """Scrub text. JSON, or lines of it, as what it stands for: it stays JSON."""
        if not self._scrubber.finds(data):
            return data
        whole = self._json(data)
        return b"".join(self._line(line) for line in _lines(data)) if whole is None else whole

    def _line(self, line: bytes) -> bytes:
        if not self._scrubber.finds(line):
            return line
        return self._json(line) or self._scrubber.data(line)

    def _json(self, data: bytes) -> bytes | None:
        """Scrub one JSON document; None if it is none."""
        if data[:1] not in {b"{", b"["}:
            return None
        try:
            document: Any = json.loads(data)
        except (ValueError, RecursionError):
            return None
        end = b"\n" if data.endswith(b"\n") else b""
        return json.dumps(self._scrubber.document(document), separators=(",", ":")).encode() + end


def _lines(data: bytes) -> Iterator[bytes]:
    """Give lines if they are JSON's; else all at once, for a secret may have several."""
    if data[:1] in {b"{", b"["}:
        yield from data.splitlines(keepends=True)
    else:
        yield data


def _is_fixed(data: bytes) -> bool:
    """Whether nothing can be put in the place of what is in it."""
    is_film = data[_FILM_AT : _FILM_AT + len(_FILM)] == _FILM
    return is_film or data.startswith(_MEDIA) or data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR
