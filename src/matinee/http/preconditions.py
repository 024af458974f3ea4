"""Which version of a thing somebody has, and has seen: `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1)."""

import re

from matinee.model.errors import InvalidRequestError, PreconditionRequiredError

#: One tag. A proxy that compresses an answer makes its tag a weak one; ours name versions, which that does not change.
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def etag(version: int) -> str:
    """Give the tag of a version."""
    return f'"{version}"'


def seen_version(if_match: str | None) -> int | None:
    """Give the version that a change is made to; None for `*`: whichever there is. 0, which none has, for a tag of others'.

    Raises:
        PreconditionRequiredError: if the header is not there.
        InvalidRequestError: if it is not a tag.
    """
    if if_match is None:
        raise PreconditionRequiredError
    if if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise InvalidRequestError('If-Match: it must be one entity tag as the ETag has it, such as "3".')
    return int(tag[1]) if _VERSION.fullmatch(tag[1]) else 0
