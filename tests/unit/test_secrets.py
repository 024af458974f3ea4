"""The database's URL, out of a secret."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from psycopg.conninfo import conninfo_to_dict

from matinee.model.errors import DatabaseUnavailableError
from matinee.stores.secrets import conninfo, text_of


def _read(text: str) -> str:
    client = boto3.client("secretsmanager")
    with Stubber(client) as stub:
        stub.add_response("get_secret_value", {"SecretString": text}, {"SecretId": "it"})
        return conninfo(text_of(client, "it"))


def test_a_url_is_taken_as_it_is() -> None:
    assert "postgresql://me@there/db?sslmode=verify-full" == _read(" postgresql://me@there/db?sslmode=verify-full\n")


def test_a_secret_of_rds_becomes_a_conninfo_that_asks_for_encryption() -> None:
    """Whatever is in the password."""
    made: dict[str, Any] = {
        "engine": "postgres",
        "host": "h",
        "port": 5432,
        "username": "u",
        "password": "p 'q\\",
        "dbname": "d",
    }

    found = conninfo_to_dict(_read(json.dumps(made)))

    assert {
        "host": "h",
        "port": "5432",
        "user": "u",
        "password": "p 'q\\",
        "dbname": "d",
        "sslmode": "require",
    } == found


def test_a_secret_that_cannot_be_read_is_a_database_that_is_away() -> None:
    client = boto3.client("secretsmanager")
    with Stubber(client) as stub:
        stub.add_client_error("get_secret_value", "AccessDeniedException")
        with pytest.raises(DatabaseUnavailableError):
            text_of(client, "it")
