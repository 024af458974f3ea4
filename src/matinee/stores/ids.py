"""Ids as we write them."""

from uuid import UUID


def is_id(text: str) -> bool:
    """Whether `text` is an id as we write it, so that every store is asked for the same one."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
