"""Logs: each has a name that can be guessed, an end, and goes with the stack."""

from typing import get_args

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import LogDays

_NAMES = ["ONE_DAY", "THREE_DAYS", "FIVE_DAYS", "ONE_WEEK", "TWO_WEEKS", "ONE_MONTH", "TWO_MONTHS", "THREE_MONTHS"]
_NAMES += ["FOUR_MONTHS", "FIVE_MONTHS", "SIX_MONTHS", "ONE_YEAR", "THIRTEEN_MONTHS", "EIGHTEEN_MONTHS", "TWO_YEARS"]
_RETENTION = dict(zip(get_args(LogDays), _NAMES, strict=True))


def log_group(scope: Construct, construct_id: str, *, name: str, days: LogDays) -> logs.LogGroup:
    """Make a log group that keeps its lines for so many days."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=logs.RetentionDays[_RETENTION[days]],
        removal_policy=RemovalPolicy.DESTROY,
    )
