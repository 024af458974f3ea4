"""The emulator as the deployed tests need it: `hypercorn tests.deployed.judged:app`.

It writes down each request that a role's policy allowed, with what in it did; and it takes requests for encrypted, as behind
something that ends TLS, for the buckets and queues refuse all others.
"""

import json
import os
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator

from local.clock import app as emulator

_decisions = Path(os.environ["DECISIONS"])
_evaluate = iam_evaluator.evaluate
_TLS = (b"x-forwarded-proto", b"https")


def _judge(ctx: Any, policies: Any, *limits: Any) -> Any:
    # The emulator (1.5.33) takes every schedule for one of the default group: the group is in the request's body.
    ctx.resource_arn = ctx.resource_arn.replace(":schedule/default/", ":schedule/matinee/")
    result = _evaluate(ctx, policies, *limits)
    if ":assumed-role/" in ctx.principal_arn and result.decision == "Allow":
        line = {
            "role": ctx.principal_arn.split("/")[1],
            "action": ctx.action,
            "resource": ctx.resource_arn,
            "by": [pair for statements in policies for one in statements for pair in _allows(ctx, one)],
        }
        with _decisions.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return result


def _allows(ctx: Any, statement: Any) -> list[list[str]]:
    """Give each action and resource of a statement that by itself would allow the request."""
    if iam_evaluator._first_match(ctx, [statement], "Allow") is None:
        return []
    return [
        [action, resource]
        for action in statement.actions
        for resource in statement.resources
        if iam_evaluator._action_matches(ctx.action, [action], [])
        and iam_evaluator._resource_matches(ctx.resource_arn, [resource], [])
    ]


iam_evaluator.evaluate = _judge


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Hand on what came, as if over TLS."""
    if scope["type"] == "http":
        scope = {**scope, "headers": [*(one for one in scope["headers"] if one[0] != _TLS[0]), _TLS]}
    await emulator(scope, receive, send)
