from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from matinee.http.schemas import HowRequest, ScheduleRequest


@pytest.mark.parametrize("retries", [True, False, "1", "", 1.5, 11, -1, None, 1e300, float("nan")])
def test_what_is_no_whole_number_within_the_bounds_is_none(retries: Any) -> None:
    """Python takes `true` for 1, and pydantic "1"; openapi.json does not."""
    with pytest.raises(ValidationError):
        HowRequest.model_validate({"retries": retries})


@pytest.mark.parametrize("retries", [2, 2.0])
def test_a_whole_number_may_be_written_with_a_point(retries: Any) -> None:
    """JSON knows no other numbers."""
    assert 2 == HowRequest.model_validate({"retries": retries}).retries


@pytest.mark.parametrize(
    "at", [0, 1_800_000_000, "1800000000", "0.5", True, "2027-03-28", "2027-03-28T09:00:00", "soon"]
)
def test_what_is_no_time_with_its_zone_is_none(at: Any) -> None:
    with pytest.raises(ValidationError):
        ScheduleRequest.model_validate({"cron": "@daily", "startsAt": at})


@pytest.mark.parametrize("at", ["2027-03-28T09:00:00Z", "2027-03-28t11:00:00.000+02:00", "2027-03-28 10:00:00+01:00"])
def test_a_time_is_one_in_any_zone(at: str) -> None:
    assert (
        datetime(2027, 3, 28, 9, tzinfo=UTC)
        == ScheduleRequest.model_validate({"cron": "@daily", "startsAt": at}).starts_at
    )


@pytest.mark.parametrize("enabled", [1, 0, "true", "yes", None])
def test_yes_and_no_are_true_and_false(enabled: Any) -> None:
    with pytest.raises(ValidationError):
        ScheduleRequest.model_validate({"cron": "@daily", "enabled": enabled})
