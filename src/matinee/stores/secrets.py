"""Secrets Manager: where the database's URL and the like are kept in the cloud."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from psycopg.conninfo import make_conninfo

from matinee.model.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

#: A secret that RDS has made, as JSON: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
_OF_RDS = {"host": "host", "port": "port", "username": "user", "password": "password", "dbname": "dbname"}


def text_of(client: "SecretsManagerClient", arn: str) -> str:
    """Give a secret's text, without blanks around it.

    Raises:
        DatabaseUnavailableError: if the secret cannot be read.
    """
    try:
        return client.get_secret_value(SecretId=arn)["SecretString"].strip()
    except (ClientError, BotoCoreError) as error:
        raise DatabaseUnavailableError from error


def conninfo(text: str) -> str:
    """Give libpq's conninfo from a secret's text, which is a libpq URL, or JSON of RDS's making."""
    if not text.startswith("{"):
        return text
    made = json.loads(text)
    # RDS's certificates are of its own authority, so the connection is encrypted, and stays within the VPC.
    return make_conninfo(**{ours: str(made[theirs]) for theirs, ours in _OF_RDS.items()}, sslmode="require")
