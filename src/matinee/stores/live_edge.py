"""The calls that the live table makes to DynamoDB, and the only place that knows how they fail."""

import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from matinee.model.errors import LiveUnavailableError
from matinee.stores.live_items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_T = TypeVar("_T")

#: A write that another's transaction is in the way of is tried again this often; that one is over in milliseconds.
_MAX_CONFLICTS = 50
#: The most that one request may write.
_MOST_WRITES = 25
_FREE = "attribute_not_exists(pk)"


class ConditionFailedError(Exception):
    """A write's condition did not hold, so nothing was written."""

    def __init__(self, items: list[Item | None]) -> None:
        super().__init__()
        self.items = items  #: for each write of the transaction what it found, or None if its own condition held


class LiveEdge:
    """Conditional writes that answer with what stood in their way.

    Every call raises LiveUnavailableError if DynamoDB does not answer, or not as it should.
    """

    def __init__(self, client: "DynamoDBClient", *, table: str, retention_days: int) -> None:
        self._client = client
        self._table = table
        self._retention_s = retention_days * 86_400

    def item(self, run_id: str, sort_key: str, **attributes: Any) -> dict[str, Any]:
        """Make an item of `attributes`, which are in their low-level form, with its key and its time to expire."""
        return {**_key(run_id, sort_key), "expires_at": self._expires_at(), **attributes}

    def get(self, run_id: str, sort_key: str) -> Item | None:
        """Read one item; strongly consistent."""
        asked: Any = {"TableName": self._table, "Key": _key(run_id, sort_key), "ConsistentRead": True}
        return _attempt(lambda: self._client.get_item(**asked)).get("Item")

    def update(
        self,
        run_id: str,
        sort_key: str,
        sets: Mapping[str, Any],
        *,
        also: str = "",
        condition: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> Item:
        """Set attributes under a condition, and give the item as it is now.

        Args:
            run_id: The item's partition.
            sort_key: The item's place in it.
            sets: Attributes with their new values, in low-level form.
            also: More assignments. Here and in `condition` an attribute is written as `#name`.
            condition: The condition, if there is one.
            values: What `also` and `condition` call `:name`.

        Raises:
            ConditionFailedError: with the one item, if the condition does not hold.
        """
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        answer = _attempt(
            lambda: self._client.update_item(
                **self._update(run_id, sort_key, sets, also=also, condition=condition, values=values or {}),
                **extra,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )
        return answer["Attributes"]

    def transact(self, *writes: "TransactWriteItemTypeDef") -> list[Item | None]:
        """Do all `writes` or none; give what each one's condition failed on: all None if they were done."""
        try:
            _attempt(lambda: self._client.transact_write_items(TransactItems=writes))
        except ConditionFailedError as failed:
            return failed.items
        return [None] * len(writes)

    def put_write(self, item: dict[str, Any]) -> "TransactWriteItemTypeDef":
        """Put `item` unless one with its key is there, as part of a transaction."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": _FREE,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def update_write(
        self,
        run_id: str,
        sort_key: str,
        sets: Mapping[str, Any],
        *,
        condition: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> "TransactWriteItemTypeDef":
        """Set attributes, as part of a transaction; `condition` and `values` as in `update`."""
        update = self._update(run_id, sort_key, sets, also="", condition=condition, values=values or {})
        if condition:
            update |= {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return {"Update": update}

    def query(self, run_id: str, low: str, high: str, **options: Any) -> list[Item]:
        """Read one page of the run's items with sort keys from `low` to `high`, both included."""
        asked = self._range(run_id, low, high)
        return list(_attempt(lambda: self._client.query(**asked, **options))["Items"])

    def query_all(self, run_id: str, low: str, high: str) -> list[Item]:
        """Read all of the run's items with sort keys from `low` to `high`, both included."""
        pages = self._client.get_paginator("query").paginate(**self._range(run_id, low, high))
        return list(_attempt(pages.build_full_result)["Items"])

    def keys(self, run_id: str) -> list[Item]:
        """Give the keys of all of the run's items."""
        asked = {**self._range(run_id, " ", "~"), "ProjectionExpression": "pk, sk"}
        return list(_attempt(self._client.get_paginator("query").paginate(**asked).build_full_result)["Items"])

    def delete(self, keys: Sequence[Item]) -> None:
        """Delete the items with those keys; those that are not there do no harm."""
        for first in range(0, len(keys), _MOST_WRITES):
            requests: Any = [{"DeleteRequest": {"Key": key}} for key in keys[first : first + _MOST_WRITES]]
            for again in range(_MAX_CONFLICTS):
                asked = {self._table: requests}
                left = _attempt(lambda: self._client.batch_write_item(RequestItems=asked))  # noqa: B023 - called at once
                requests = left["UnprocessedItems"].get(self._table)
                if not requests:
                    break
                time.sleep(min(0.05 * (again + 1), 1.0))  # the table asks for less
            else:
                raise LiveUnavailableError

    def _range(self, run_id: str, low: str, high: str) -> Any:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :run AND sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": {":run": {"S": run_id}, ":low": {"S": low}, ":high": {"S": high}},
            "ConsistentRead": True,
        }

    def _update(
        self,
        run_id: str,
        sort_key: str,
        sets: Mapping[str, Any],
        *,
        also: str,
        condition: str,
        values: Mapping[str, Any],
    ) -> Any:
        """Make the parameters of an update; every attribute named by `#name`, for many are reserved words."""
        sets = {**sets, "expires_at": self._expires_at()}
        assignments = [f"#{name} = :new_{name}" for name in sets] + ([also] if also else [])
        names = {*(f"#{name}" for name in sets), *re.findall(r"#\w+", also + condition)}
        return {
            "TableName": self._table,
            "Key": _key(run_id, sort_key),
            "UpdateExpression": "SET " + ", ".join(assignments),
            "ExpressionAttributeNames": {name: name[1:] for name in names},
            "ExpressionAttributeValues": {**{f":new_{name}": value for name, value in sets.items()}, **values},
        }

    def _expires_at(self) -> dict[str, str]:
        return {"N": str(int(time.time()) + self._retention_s)}


def _key(run_id: str, sort_key: str) -> dict[str, Any]:
    return {"pk": {"S": run_id}, "sk": {"S": sort_key}}


def _attempt(call: Callable[[], _T]) -> _T:
    """Make the call, again while a transaction is in its way."""
    for conflicts in range(_MAX_CONFLICTS):
        try:
            return call()
        except ClientError as error:
            _raise_unless_conflict(error)
            time.sleep(random.uniform(0, 0.002 * min(conflicts + 1, 25)))  # noqa: S311 (spreads retries, hides nothing)
        except BotoCoreError as error:
            raise LiveUnavailableError from error
    raise LiveUnavailableError


def _raise_unless_conflict(error: ClientError) -> None:
    """Translate `error`; return if the same call may well succeed in a moment."""
    answer: Any = error.response
    code = answer["Error"]["Code"]
    reasons = answer.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    if code == "ConditionalCheckFailedException":
        raise ConditionFailedError([answer.get("Item")]) from error
    if "ConditionalCheckFailed" in codes:
        raise ConditionFailedError([reason.get("Item") for reason in reasons]) from error
    if (
        code not in {"TransactionConflictException", "TransactionInProgressException"}
        and "TransactionConflict" not in codes
    ):
        raise LiveUnavailableError from error
