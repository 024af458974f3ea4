"""What a part is: built when it is first asked for, and the same for everybody after that."""

from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from botocore.config import Config

_T = TypeVar("_T")

#: boto3 cannot make two clients at once, and of each part one is meant to be.
_building = RLock()


class Part(Generic[_T]):
    """A part that is built by the first call, and given by every other."""

    def __init__(self, build: Callable[[], _T]) -> None:
        self._build = build
        self.built: _T | None = None
        update_wrapper(self, build)

    def __call__(self) -> _T:
        """Give the part."""
        with _building:
            if self.built is None:
                self.built = self._build()
            return self.built

    def forget(self) -> None:
        """Build it anew when it is asked for again."""
        self.built = None


def aws() -> "Config":
    """Bound every AWS call: a store that does not answer must not eat a function's whole time."""
    from botocore.config import Config  # noqa: PLC0415 - only those who reach for AWS load it

    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,  # report_proxy and uploads work on many objects at once
        s3={"addressing_style": "path"},  # bucket names below localhost resolve nowhere
    )
