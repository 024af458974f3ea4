"""Test files on this machine: which there are, and what is in them."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matinee.cli.server import CannotRunError
from matinee.model.script import MAX_SCRIPT_BYTES, Language

_LANGUAGES = {
    **dict.fromkeys((".ts", ".mts", ".cts", ".tsx", ".mtsx", ".ctsx"), Language.TYPESCRIPT),
    **dict.fromkeys((".js", ".mjs", ".cjs", ".jsx", ".mjsx", ".cjsx"), Language.JAVASCRIPT),
}
#: What Playwright takes for a test file unless it is told otherwise.
_TEST_FILE = re.compile(r"(?P<stem>[^.].*)\.(spec|test)\.[cm]?[jt]sx?", re.DOTALL)


@dataclass(frozen=True)
class Spec:
    """A test file, and the name that it goes by on the server."""

    file: Path
    path: str  #: relative to the folder that was named, with slashes

    @property
    def title(self) -> str:
        """What people may call it: its path without the ending."""
        found = _TEST_FILE.fullmatch(self.path)
        return found["stem"] if found else self.path


def specs(places: Sequence[Path]) -> list[Spec]:
    """Find the test files below each folder; a file that is named itself may be called anything.

    Raises:
        CannotRunError: if there are none, a place does not exist, or two files would go by the same name.
    """
    found = sorted((spec for place in places for spec in _below(place)), key=lambda spec: spec.path)
    if not found:
        raise CannotRunError(f"No test file (*.spec.ts, *.test.js, …) below {', '.join(map(str, places))}.")
    path, times = Counter(spec.path for spec in found).most_common(1)[0]
    if times > 1:
        files = ", ".join(str(spec.file) for spec in found if spec.path == path)
        raise CannotRunError(f"{files} would all be {path}. Push the folder that has them in common.")
    return found


def _below(place: Path) -> Iterator[Spec]:
    if not place.exists():
        raise CannotRunError(f"There is no {place}.")
    if not place.is_dir():
        yield Spec(place, place.name)
        return
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name != "node_modules" and not name.startswith(".")]
        for file in (Path(folder, name) for name in names if _TEST_FILE.fullmatch(name)):
            yield Spec(file, file.relative_to(place).as_posix())


def language(file: Path) -> Language:
    """Tell by its ending what a file is written in.

    Raises:
        CannotRunError: if Playwright takes no such file.
    """
    known = _LANGUAGES.get(file.suffix)
    if known is None:
        raise CannotRunError(f"Its ending is none of {', '.join(_LANGUAGES)}.")
    return known


def source(file: Path) -> str:
    """Read a script.

    Raises:
        CannotRunError: if it cannot be read, is no UTF-8, or longer than any script may be.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_SCRIPT_BYTES + 1)
        if len(data) > MAX_SCRIPT_BYTES:
            raise CannotRunError(f"It has more than {MAX_SCRIPT_BYTES:,} bytes.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise CannotRunError(f"It cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CannotRunError(f"It is no UTF-8 text (byte {error.start}).") from error
