"""The vault: variables are encrypted where they come in, and decrypted where a script runs; nobody in between can read them.

Envelope encryption: a data key encrypts variables (AES-256-GCM), and a key that never leaves its place encrypts the data key. That is KMS
in the cloud, where a role may have the one half of it without the other, and a file elsewhere.
"""

import base64
import json
import os
import secrets
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matinee.model.errors import VaultKeyError, VaultUnavailableError
from matinee.model.variables import Given
from matinee.model.work import Sealed

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "1"
#: A data key encrypts what is saved in this time, by one process, for one workspace: fewer keys for run_test to ask for.
_KEY_SECONDS = 3600.0
#: What KMS says of a data key that is none of ours, or another workspace's; all else may pass.
_WRONG_KEY = {"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"}
_NOT_ALLOWED = (
    "KMS does not let this function use the key of the variables. Look at its role, and at the policy of the key."
)


@dataclass(frozen=True)
class DataKey:
    """A key that encrypts variables."""

    plain: bytes = field(repr=False)
    wrapped: bytes  #: the same, encrypted


class Keys(Protocol):
    """Makes data keys, and opens them. A data key is one workspace's."""

    def make(self, workspace_id: str) -> DataKey:
        """Make a data key.

        Raises:
            VaultUnavailableError: if that cannot be done now.
            VaultKeyError: or ever, as things are.
        """

    def unwrap(self, workspace_id: str, wrapped: bytes) -> bytes:
        """Give the plain data key.

        Raises:
            VaultUnavailableError, VaultKeyError: as `make` does.
        """


class KmsKeys:
    """Data keys by a key in KMS. Each call names the workspace, which a policy may hold it to, and CloudTrail has it."""

    def __init__(self, client: "KMSClient", *, key: str) -> None:
        self._client = client
        self._key = key

    def make(self, workspace_id: str) -> DataKey:
        """Make a data key. It takes `kms:GenerateDataKey`."""
        try:
            made = self._client.generate_data_key(
                KeyId=self._key, KeySpec="AES_256", EncryptionContext=_context(workspace_id)
            )
        except (ClientError, BotoCoreError) as error:
            raise _meaning(error) from error
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def unwrap(self, workspace_id: str, wrapped: bytes) -> bytes:
        """Give the plain data key. It takes `kms:Decrypt`."""
        try:
            opened = self._client.decrypt(
                KeyId=self._key, CiphertextBlob=wrapped, EncryptionContext=_context(workspace_id)
            )
        except (ClientError, BotoCoreError) as error:
            raise _meaning(error) from error
        return opened["Plaintext"]


class FileKeys:
    """Data keys by a key in a file, which its owner alone may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self, workspace_id: str) -> DataKey:
        """Make a data key."""
        plain = AESGCM.generate_key(_KEY_BYTES * 8)
        return DataKey(plain, _encrypt(self._key(), plain, bound_to=workspace_id))

    def unwrap(self, workspace_id: str, wrapped: bytes) -> bytes:
        """Give the plain data key."""
        return _decrypt(self._key(), wrapped, bound_to=workspace_id)

    def _key(self) -> bytes:
        """Read the key; each time, for it is little work, and what is mended counts at once."""
        try:
            if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
                raise VaultKeyError(
                    f"Others may read {self._path}, the key of all variables. Run: chmod 600 {self._path}"
                )
            key = self._path.read_bytes()
        except OSError as error:
            raise VaultKeyError(
                f"The key of all variables, {self._path}, cannot be read ({error.strerror}). Put it back from a backup;"
                " if there is none, start Matinee again, which makes a new one, and save each variable again."
            ) from error
        if len(key) != _KEY_BYTES:
            raise VaultKeyError(f"{self._path} is no key: it has {len(key)} bytes instead of {_KEY_BYTES}.")
        return key


def make_key_file(path: Path) -> None:
    """Make the key file, unless there is one."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    except FileExistsError:
        return


class Vault:
    """Encrypts and decrypts variables. Safe for threads."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._mine: dict[str, tuple[DataKey, float]] = {}  # by workspace, and until when
        self._lock = Lock()

    def seal(self, workspace_id: str, variables: Mapping[str, str], *, secret: bool) -> Sealed:
        """Encrypt variables of a workspace.

        Raises:
            VaultUnavailableError, VaultKeyError: if there is no key to do it with.
        """
        key = self._data_key(workspace_id)
        text = json.dumps(dict(variables)).encode()
        box = _encrypt(key.plain, text, bound_to=_bound(workspace_id, secret=secret))
        return Sealed(secret=secret, text=f"{_VERSION}.{_text(key.wrapped)}.{_text(box)}")

    def open(self, workspace_id: str, sealed: Iterable[Sealed]) -> Given:
        """Decrypt variables of a workspace; of the same name the last one counts.

        Raises:
            VaultUnavailableError: if the key does not answer.
            VaultKeyError: if they are encrypted with another one, or were changed since.
        """
        unwrap = cache(lambda wrapped: self._keys.unwrap(workspace_id, wrapped))
        found: dict[str, tuple[str, bool]] = {}
        for each in sealed:
            wrapped, box = _parts(each.text)
            text = _decrypt(unwrap(wrapped), box, bound_to=_bound(workspace_id, secret=each.secret))
            found |= {name: (value, each.secret) for name, value in json.loads(text).items()}
        secret = tuple(value for value, is_secret in found.values() if is_secret)
        return Given({name: value for name, (value, _) in found.items()}, secret)

    def _data_key(self, workspace_id: str) -> DataKey:
        with self._lock:
            key, until = self._mine.get(workspace_id, (None, 0.0))
            if key is None or time.monotonic() > until:
                key = self._keys.make(workspace_id)
                self._mine[workspace_id] = key, time.monotonic() + _KEY_SECONDS
            return key


def _encrypt(key: bytes, plain: bytes, *, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _decrypt(key: bytes, box: bytes, *, bound_to: str) -> bytes:
    try:
        return AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultKeyError from error


def _bound(workspace_id: str, *, secret: bool) -> str:
    """Say what a box is of: moved to another workspace, or shown as no secret, it does not open."""
    return json.dumps(["variables", workspace_id, secret])


def _context(workspace_id: str) -> dict[str, str]:
    return {"workspace_id": workspace_id}


def _meaning(error: ClientError | BotoCoreError) -> VaultUnavailableError | VaultKeyError:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code == "AccessDeniedException":
        return VaultKeyError(_NOT_ALLOWED)
    return VaultKeyError() if code in _WRONG_KEY else VaultUnavailableError()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _parts(text: str) -> tuple[bytes, bytes]:
    version, _, parts = text.partition(".")
    wrapped, _, box = parts.partition(".")
    try:
        found = base64.urlsafe_b64decode(wrapped), base64.urlsafe_b64decode(box)
    except ValueError as error:
        raise VaultKeyError from error
    if version != _VERSION:
        raise VaultKeyError("The variables were encrypted by a newer Matinee: update this one.")
    return found
