"""Bring the database up to date: what `matinee deploy` calls, for Aurora can be reached from inside its network only."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.telemetry import logger
from matinee import bootstrap


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda passes it
    """Apply the migrations that are missing, and give a key if one is asked for.

    `{"firstKey": "its name"}` makes one unless there is one; `{"passingKey": "its name"}` makes one for a quarter of an hour.
    """
    applied = bootstrap.database().migrate()
    logger.info("migrated", applied=applied)
    return {"applied": applied, "key": _key(event)}


def _key(event: dict[str, Any]) -> str | None:
    keys = bootstrap.keys()
    if name := event.get("firstKey"):
        return keys.create_first(name)
    if name := event.get("passingKey"):
        return keys.create(keys.ensure_workspace(), name, expires_at=datetime.now(UTC) + timedelta(minutes=15))
    return None
