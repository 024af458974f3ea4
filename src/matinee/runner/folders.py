"""Folders in which scripts have been, and how to be rid of them."""

import shutil
import subprocess
from pathlib import Path


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all in it, however a script may have locked or nested it; nothing happens where nothing is."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):  # a folder that nobody may list, or a thousand of them in each other
        subprocess.run(["chmod", "-R", "u+rwX", "--", path], capture_output=True, check=False)
        subprocess.run(["rm", "-rf", "--", path], capture_output=True, check=False)
