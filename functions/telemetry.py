"""What the functions tell of themselves: logs and metrics, each line with the run's id. Never a script, a variable or a key.

Metrics are lines of the log in CloudWatch's embedded metric format, so they cost no call. Traces are Lambda's own, and each line has
the id of its trace: X-Ray's SDK would double the time that a function takes to start (ADR 10).
"""

import logging

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

#: All are named after POWERTOOLS_SERVICE_NAME, which each function has in its environment.
logger = Logger()

logging.getLogger("matinee")
copy_config_to_registered_loggers(logger, include={"matinee"})  # what lies below says it in the same words


def about(**ids: str) -> None:
    """Say what all that follows in this invocation is about: `run_id`, `test_id`, `job_id`."""
    logger.append_keys(**ids)


def measure(name: str, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
    """Put a value of a metric into the log; CloudWatch takes it from there (infra/alarms.py shows it)."""
    service = {"service": logger.service}
    with single_metric(name=name, unit=unit, value=value, namespace="Matinee", default_dimensions=service):
        pass
