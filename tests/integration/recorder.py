"""A stand-in function that writes down the events it gets, and fails those that ask for it."""

import json
import os
import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Write `event` down; report the messages whose body is "fail" as failed."""
    name = f"{os.environ['AWS_LAMBDA_FUNCTION_NAME']}-{time.time_ns()}.json"
    fresh = Path(os.environ["TMPDIR"], f".{name}")
    fresh.write_text(json.dumps(event))
    fresh.rename(fresh.with_name(name))
    failed = [record["messageId"] for record in event.get("Records", []) if record.get("body") == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
