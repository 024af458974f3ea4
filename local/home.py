"""The state folder: whose it is, who uses it now, and the first API key."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Self

from local.errors import StackError
from matinee.stores.keys import Keys
from matinee.stores.vault import make_key_file


class Home:
    """A state folder that is ours until `close`."""

    def __init__(self, path: Path, *, lock: int) -> None:
        self.path = path
        self._lock = lock
        self.logs = path / "logs"
        self.key_file = path / "api-key"
        self.logs.mkdir(mode=0o700, exist_ok=True)
        #: By what variables are encrypted. A backup of the database is of no use without it.
        self.vault_key = path / "secrets.key"
        make_key_file(self.vault_key)
        #: For what functions put into their /tmp. Wiped here, for a killed stack could not.
        self.scratch = short_folder(path)
        if os.geteuid() == 0:
            self.scratch.chmod(0o711)  # a script that is another user gets at its own folder in it by name
        _empty(self.scratch)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the folder if there is none, and take it.

        Raises:
            StackError: if it cannot be used, or a running stack has it; the sentence says what to do.
        """
        path = path.absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.stat().st_mode & 0o077:
                path.chmod(0o700)  # it has keys in it
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StackError(
                f"The state folder {path} cannot be used: {error.strerror}. Make it yours and writable, or set MATINEE_HOME."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(lock)
            os.close(lock)
            raise StackError(
                f"A stack runs on {path} already{holder}. Use it, stop it, or set MATINEE_HOME to another folder."
            ) from error
        try:
            return cls(path, lock=lock)
        except OSError as error:
            os.close(lock)
            raise StackError(f"The state folder {path} cannot be used: {error}.") from error

    def announce(self, url: str) -> None:
        """Leave word for whoever finds the folder taken."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)

    def api_key(self, keys: Keys) -> str:
        """Give the key in the key file; make one if there is none, or if this database does not know it."""
        with contextlib.suppress(FileNotFoundError):
            key = self.key_file.read_text(encoding="ascii").strip()
            if keys.principal_of(key):
                return key
        key = keys.create(keys.ensure_workspace(), "first key of the local stack")
        fresh = self.key_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{key}\n")
        fresh.replace(self.key_file)
        return key

    def close(self) -> None:
        """Give the folder back."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.ftruncate(self._lock, 0)
        os.close(self._lock)


def short_folder(path: Path) -> Path:
    """Give a folder of ours with a short path, for sockets and temporary files of whoever works in `path`.

    It has one name for each `path`, so that a killed stack's is found again and not multiplied.
    """
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"matinee-{os.geteuid()}-{digest}"
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
    found = short.lstat()
    if short.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o066:
        return Path(tempfile.mkdtemp(prefix="matinee-"))  # somebody else was there first
    return short


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _holder(lock: int) -> str:
    with contextlib.suppress(ValueError, KeyError):
        told = json.loads(os.pread(lock, 1000, 0))
        return f" at {told['url']} (process {told['pid']})"
    return ""
