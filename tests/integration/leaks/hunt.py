"""Searches all that a stack has, every byte of it, for all forms of a text."""

import base64
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local.stack import Stack
from tests.writers import WRITERS

_PACKED = re.compile(rb"data:application/zip;base64,([A-Za-z0-9+/=]{4,})")
_COLOURS = re.compile(rb"(?:\x1b|\\+u001[bB])\[[\d;]*m")
_LEAST = 6


def forms(text: str) -> set[bytes]:
    """Give all forms of a text, without what depends on the texts around it."""
    written = {write(text).strip('\\"') for name, write in WRITERS.items() if "base64" not in name}
    found = {form.encode() for form in written}
    for data in [text.encode(), *found]:
        for before in range(3):
            whole = base64.b64encode(b"\0" * before + data)
            core = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            found |= {
                core,
                core.replace(b"+", b"-").replace(b"/", b"_"),
                core.replace(b"+", b"%2B").replace(b"/", b"%2F"),
            }
    assert all(len(form) >= _LEAST for form in found)
    return found


def hits(places: Iterator[tuple[str, bytes]], text: str) -> dict[str, set[str]]:
    """Tell where which forms of a text are."""
    needles = forms(text)
    found: dict[str, set[str]] = {}
    for place, data in places:
        for needle in needles:
            if needle in data:
                found.setdefault(place, set()).add(needle.decode(errors="replace"))
    return found


def everything(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Give all bytes that a running stack has anywhere, with a name for each: files, tables, items, messages."""
    yield from _files(stack.home.path)
    yield from _files(stack.home.scratch)
    yield from _rows(stack._database_url())
    yield from _items(stack)
    yield from _messages(stack)


def unpacked(place: str, data: bytes, *, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Give what something is, and what is packed in it."""
    yield place, data
    if (plain := _COLOURS.sub(b"", data)) != data:
        yield f"{place}#plain", plain
    if depth > 4:
        return
    for number, packed in enumerate(_PACKED.findall(data)):
        yield from unpacked(f"{place}#{number}", base64.b64decode(packed), depth=depth + 1)
    if data.startswith(b"\x1f\x8b"):
        yield from unpacked(f"{place}#gunzipped", gzip.decompress(data), depth=depth + 1)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield f"{place}#name", info.filename.encode()
                yield from unpacked(f"{place}!{info.filename}", archive.read(info), depth=depth + 1)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            try:
                data = path.read_bytes()
            except FileNotFoundError:  # Postgres has put it away meanwhile
                continue
            yield from unpacked(str(path.relative_to(folder.parent)), data)


def _rows(database_url: str) -> Iterator[tuple[str, bytes]]:
    """Give each row of each table as text: on disk long values are compressed."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT {0}::text FROM {0}").format(sql.Identifier(table))
            for number, (row,) in enumerate(connection.execute(query)):
                yield f"table {table} {number}", str(row).encode()
                yield f"table {table} {number} as JSON", _json_of(connection, table, number)


def _json_of(connection: psycopg.Connection[Any], table: str, number: int) -> bytes:
    query = sql.SQL("SELECT to_jsonb({0})::text FROM {0} OFFSET %s LIMIT 1").format(sql.Identifier(table))
    row = connection.execute(query, [number]).fetchone()
    return str(row[0]).encode() if row else b""


def _items(stack: Stack) -> Iterator[tuple[str, bytes]]:
    client = stack.aws.session.client("dynamodb", endpoint_url=stack.aws.endpoint)
    for table in client.list_tables()["TableNames"]:
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                yield f"item {item['pk']} {item['sk']}", "\n".join(_texts(item)).encode()


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                yield str(name)
                yield from _texts(member)
        case list():
            for member in value:
                yield from _texts(member)
        case bytes():
            yield value.decode("latin-1")
        case _:
            yield str(value)


def _messages(stack: Stack) -> Iterator[tuple[str, bytes]]:
    client = stack.aws.session.client("sqs", endpoint_url=stack.aws.endpoint)
    for url in client.list_queues().get("QueueUrls", []):
        answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in answer.get("Messages", []):
            yield f"message {url}", message["Body"].encode()
