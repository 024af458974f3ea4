"""What an execution left, as its script told it."""

import re
from collections.abc import Callable

from matinee.model.run import TestStatus
from matinee.runner.execution import Execution

#: Executes a script as a test of a job run.
Run = Callable[..., Execution]


def said(done: Execution) -> dict[str, str]:
    """Give what the script told as `name=value`."""
    assert done.verdict.status is TestStatus.PASSED, done.verdict.message
    return dict(re.findall(r"(\w+)=(\S*)", done.console.decode()))
