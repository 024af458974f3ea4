"""SQL, in files of named queries: `-- name: get_run` begins one, the next such line ends it."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def queries(name: str) -> Mapping[str, LiteralString]:
    """Read `<name>.sql`, once in a process; give its queries by name."""
    _, *parts = _NAME.split((files(__name__) / f"{name}.sql").read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))
