"""A stand-in function for the dispatcher's tests: it does what its event says."""

import os
import sys
import time
from pathlib import Path
from typing import Any


def warm() -> None:
    """Leave a sign that we were warmed up before the first event."""
    Path(os.environ["TMPDIR"], f"warm-{os.getpid()}").touch()


def refresh() -> None:
    """Leave a sign that we were asked to get ready again."""
    Path(os.environ["TMPDIR"], f"refreshed-{os.getpid()}").touch()


def handler(event: dict[str, Any], context: Any) -> Any:
    """Act on `event["do"]`."""
    match event["do"]:
        case "tell":
            return {
                "pid": os.getpid(),
                "request": context.aws_request_id,
                "left": context.get_remaining_time_in_millis(),
            }
        case "environment":
            return dict(os.environ)
        case "sleep":
            time.sleep(event["seconds"])
            return {"pid": os.getpid()}
        case "raise":
            raise ValueError("as asked")
        case "exit":
            sys.exit(3)
        case "die":
            os.kill(os.getpid(), 9)
    return event
