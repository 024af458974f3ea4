"""One embedded stack for all tests of a session that only use it."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, temporary


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, on free ports, its state in a folder that goes afterwards. Do not break it."""
    with temporary(tmp_path_factory.mktemp("home")) as stack:
        yield stack
