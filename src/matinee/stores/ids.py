"""Ids as we write them, and the cursors of lists that are ordered by them: newest first, for ids are UUIDv7."""

import base64
import binascii
from uuid import UUID

from matinee.model.errors import InvalidRequestError


def is_id(text: str) -> bool:
    """Whether `text` is an id as we write it, so that every store is asked for the same one."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def cursor_behind(last: str) -> str:
    """Give the cursor of the page that follows the one whose last id this is."""
    return base64.urlsafe_b64encode(UUID(last).bytes).decode().rstrip("=")


def read_cursor(cursor: str) -> str:
    """Give the id that the page follows.

    Raises:
        InvalidRequestError: if `cursor` is none of ours.
    """
    try:
        return str(UUID(bytes=base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True)))
    except (ValueError, binascii.Error) as error:
        raise InvalidRequestError("The cursor is none that a list has given.") from error
