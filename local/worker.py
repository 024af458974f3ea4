"""One execution environment of one function: `python -m local.worker MODULE DESCRIPTOR [warm]`.

It imports MODULE, with `warm` calls its `warm()` if it has one, and then hands each event that comes over the socket to its
`handler`, one after another, as Lambda does. A line of JSON in, a line of JSON out:

    {"event": ..., "request_id": "...", "deadline_ms": 1700000000000}  or  {"refresh": true}
    {"result": ...}  or  {"error": {"errorType": "...", "errorMessage": "...", "stackTrace": [...]}}
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from local.processes import hide


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a handler is told about its invocation, under the names that Lambda gave it."""

    aws_request_id: str
    deadline_ms: int  #: when the invocation ends, in ms since the epoch
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    function_version: str = "$LATEST"
    log_group_name: str = "local"
    log_stream_name: str = "local"

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until the invocation is ended from outside."""
        return max(0, self.deadline_ms - time.time_ns() // 1_000_000)


def serve(module_name: str, channel: socket.socket, *, warm: bool) -> None:
    """Answer events until the other end is closed; asked to refresh, do what the function does between events."""
    module = importlib.import_module(module_name)
    if warm:
        getattr(module, "warm", _nothing)()
    with channel.makefile("rwb") as lines:
        for line in lines:
            call = json.loads(line)
            answer = (
                _answer(module.handler, call) if "event" in call else {"result": getattr(module, "refresh", _nothing)()}
            )
            lines.write(json.dumps(answer).encode() + b"\n")
            lines.flush()


def _nothing() -> None:
    """Do what a function does that has nothing to get ready."""


def _answer(handler: Callable[[Any, Any], Any], call: dict[str, Any]) -> dict[str, Any]:
    context = Context(
        aws_request_id=call["request_id"],
        deadline_ms=call["deadline_ms"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        invoked_function_arn=os.environ["MATINEE_FUNCTION_ARN"],
        memory_limit_in_mb=int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
    )
    try:
        result = handler(call["event"], context)
        json.dumps(result)
    except Exception as error:  # noqa: BLE001  as Lambda does: what a handler raises is its answer
        traceback.print_exc()
        return {
            "error": {
                "errorType": type(error).__name__,
                "errorMessage": str(error),
                "stackTrace": traceback.format_tb(error.__traceback__),
            }
        }
    return {"result": result}


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwind instead of dying on the spot, so that what the handler started is ended too."""
    raise SystemExit(128 + number)


def main() -> None:
    """Serve the socket that we inherited."""
    module_name, descriptor, *more = sys.argv[1:]
    hide()
    signal.signal(signal.SIGTERM, _leave)
    with socket.socket(fileno=int(descriptor)) as channel:
        channel.set_inheritable(False)
        serve(module_name, channel, warm="warm" in more)


if __name__ == "__main__":
    main()
