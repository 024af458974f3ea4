"""One embedded stack for all tests of a session that only use it."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, temporary


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole stack, on free ports, its state in a folder that goes afterwards. Do not break it."""
    with temporary() as stack:
        yield stack
