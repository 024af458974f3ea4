"""Variables are encrypted with a workspace's data key, and that with a key that stays where it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from matinee.model.errors import VaultKeyError, VaultUnavailableError
from matinee.model.work import Sealed
from matinee.stores.vault import FileKeys, KmsKeys, Vault, make_key_file

HUSH = "correct horse battery staple"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vault") / "secrets.key"
    make_key_file(path)
    return path


@pytest.fixture
def kms() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("kms")


@given(
    variables=st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=50), max_size=4), secret=st.booleans()
)
def test_what_was_sealed_opens_as_it_was(key: Path, variables: dict[str, str], secret: bool) -> None:
    opened = Vault(FileKeys(key)).open("w", [Vault(FileKeys(key)).seal("w", variables, secret=secret)])

    assert variables == opened.variables
    assert (tuple(variables.values()) if secret else ()) == opened.secrets


def test_of_the_same_name_the_last_one_counts_also_whether_it_is_secret(key: Path) -> None:
    vault = Vault(FileKeys(key))
    sealed = [vault.seal("w", {"A": HUSH, "B": "b"}, secret=True), vault.seal("w", {"A": "a"}, secret=False)]

    assert ({"A": "a", "B": "b"}, ("b",)) == ((opened := vault.open("w", sealed)).variables, opened.secrets)


def test_nothing_of_it_can_be_read_and_the_same_value_never_looks_the_same(key: Path) -> None:
    vault = Vault(FileKeys(key))
    first, second = (vault.seal("w", {"A": HUSH}, secret=True).text for _ in range(2))

    assert first != second
    assert not any(part in first + second for part in ("horse", "hvcnNl", "A"[:0] or "aG9yc2"))


@pytest.mark.parametrize("what", ["workspace", "secrecy", "text", "key", "version", "garbage"])
def test_what_was_changed_or_moved_does_not_open(key: Path, tmp_path: Path, what: str) -> None:
    """In another workspace, shown as no secret, with one bit changed, by another key: no bytes come out."""
    sealed, keys, workspace = Vault(FileKeys(key)).seal("w", {"A": HUSH}, secret=True), FileKeys(key), "w"
    match what:
        case "workspace":
            workspace = "v"
        case "secrecy":
            sealed = Sealed(secret=False, text=sealed.text)
        case "text":
            sealed = Sealed(
                secret=True, text=sealed.text[:-6] + ("A" if sealed.text[-6] != "A" else "B") + sealed.text[-5:]
            )
        case "key":
            make_key_file(tmp_path / "other.key")
            keys = FileKeys(tmp_path / "other.key")
        case "version":
            sealed = Sealed(secret=True, text="2" + sealed.text[1:])
        case "garbage":
            sealed = Sealed(secret=True, text="1.é.")

    with pytest.raises(VaultKeyError):
        Vault(keys).open(workspace, [sealed])


def test_the_key_file_is_its_owners_alone_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    make_key_file(path)
    made = path.read_bytes()
    make_key_file(path)

    assert (0o600, 32, made) == (path.stat().st_mode & 0o777, len(made), path.read_bytes())


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.unlink(), r"cannot be read \(No such file or directory\)"),
        (lambda path: path.chmod(0o640), "Run: chmod 600 "),
        (lambda path: path.write_bytes(b"short"), "it has 5 bytes instead of 32"),
    ],
    ids=["lost", "open", "damaged"],
)
def test_a_key_file_that_is_not_as_it_should_be_is_told_of(tmp_path: Path, harm: Any, told: str) -> None:
    path = tmp_path / "secrets.key"
    make_key_file(path)
    harm(path)

    with pytest.raises(VaultKeyError, match=told):
        Vault(FileKeys(path)).seal("w", {"A": HUSH}, secret=True)


def test_kms_opens_what_it_sealed_and_is_asked_once_for_all_of_one_order(kms: Any) -> None:
    """Twenty variables that one process saved have one data key."""
    keys = KmsKeys(kms, key=kms.create_key()["KeyMetadata"]["Arn"])
    vault, asked = Vault(keys), []
    sealed = [vault.seal("w", {f"V{n}": HUSH}, secret=True) for n in range(20)]
    unwrap = keys.unwrap
    keys.unwrap = lambda *given: asked.append(given) or unwrap(*given)  # type: ignore[method-assign,func-returns-value]

    assert {f"V{n}": HUSH for n in range(20)} == vault.open("w", sealed).variables
    assert 1 == len(asked)


def test_kms_opens_no_data_key_of_another_workspace(kms: Any) -> None:
    """The encryption context says whose it is."""
    vault = Vault(KmsKeys(kms, key=kms.create_key()["KeyMetadata"]["Arn"]))

    with pytest.raises(VaultKeyError):
        vault.open("v", [vault.seal("w", {"A": HUSH}, secret=True)])


def test_each_workspace_has_data_keys_of_its_own(key: Path) -> None:
    vault = Vault(FileKeys(key))
    wrapped = {vault.seal(workspace, {"A": HUSH}, secret=True).text.split(".")[1] for workspace in "vwvw"}

    assert 2 == len(wrapped)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", VaultKeyError),
        ("ThrottlingException", VaultUnavailableError),
        (None, VaultUnavailableError),
    ],
)
def test_what_kms_says_is_told_apart_by_whether_it_may_pass(kms: Any, code: str | None, kind: type[Exception]) -> None:
    class Refusing:
        def decrypt(self, **_: Any) -> None:
            if code is None:
                raise EndpointConnectionError(endpoint_url="https://kms")
            raise kms.exceptions.ClientError({"Error": {"Code": code}}, "Decrypt")

    with pytest.raises(kind) as caught:
        KmsKeys(Refusing(), key="k").unwrap("w", b"wrapped")  # type: ignore[arg-type]
    assert kind is type(caught.value)


def test_neither_a_data_key_nor_a_value_is_ever_printed(key: Path) -> None:
    """What holds them says so in a traceback or a log, and no more."""
    made = FileKeys(key).make("w")
    vault = Vault(FileKeys(key))
    sealed = vault.seal("w", {"A": HUSH}, secret=True)
    shown = repr([made, sealed, vault.open("w", [sealed])])

    assert [False, False, False] == [text in shown for text in (repr(made.plain), HUSH, sealed.text)]
    assert "Given(1 variables, 1 secrets)" in shown
    assert json.loads(sealed.model_dump_json())["text"] == sealed.text
