"""Folders in which scripts have been, and how to be rid of them."""

import os
import secrets
import shutil
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all in it, however a script may have locked or nested it; nothing happens where nothing is."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):  # a folder that nobody may list, or thousands of them in each other
        _flatten(path)


def _flatten(top: Path) -> None:
    """Bring each folder to the top and remove it there, so that no name is long and nothing goes deep."""
    names = (top / f"{secrets.token_hex(8)}-{number}" for number in count())
    folders = [top]
    while folders:
        folder = folders.pop()
        _unlock(folder)
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        Path(entry.path).unlink()
                        continue
                    found = Path(entry.path)
                    _unlock(found)
                    folders.append(found if folder == top else found.rename(next(names)))
        if folder != top:
            with suppress(OSError):
                folder.rmdir()
    with suppress(OSError):
        top.rmdir()


def _unlock(folder: Path) -> None:
    """Let its owner do everything in a folder; root can anyway."""
    with suppress(OSError):
        if os.geteuid() != 0 and stat.S_ISDIR(folder.lstat().st_mode):
            folder.chmod(0o700)
