"""What an order's variables are to run_test, which alone can read them."""

from typing import Any

from matinee import bootstrap
from matinee.model.work import Sealed, TestOrder


def opened(order: TestOrder) -> dict[str, str]:
    """Decrypt an order's variables."""
    return dict(bootstrap.vault().open(order.workspace_id, order.variables).variables)


def opened_row(row: dict[str, Any]) -> dict[str, str]:
    """Decrypt the variables that came with the request of a row of run_tests; it has its `workspace_id`."""
    sealed = [Sealed.model_validate(each) for each in row["variables"]]
    return dict(bootstrap.vault().open(str(row["workspace_id"]), sealed).variables)
