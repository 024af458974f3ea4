"""Whatever is asked, the answer is one that openapi.json has."""

import os
from typing import Any

import pytest

from local.http import create_app
from tests.integration.fuzz.configured import OF_MEMBERS, configuration, document
from tests.integration.fuzz.fuzzer import fuzz
from tests.integration.fuzz.seeds import Seeds

#: How many requests are made up at random, beside those that follow from the document; `make fuzz` makes 10,000.
CASES = int(os.environ.get("FUZZ_CASES", "100"))
#: The same number makes up the same requests.
SEED = int(os.environ.get("FUZZ_SEED", "7"))


@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_every_answer_is_one_that_is_documented(road: Any, api: Any) -> None:
    """No 5xx; no status, type, body or header that the document lacks; nothing is taken that it forbids. And each route succeeds."""
    seeds = Seeds(road, api)
    contract = document(seeds)
    operations = sum(len(path) for path in contract["paths"].values())

    outcome = fuzz(create_app(), contract, configuration(seeds, seed=SEED, each=-(-CASES // operations)))

    print(f"seed {SEED}: {outcome.cases.total()} requests ({dict(outcome.cases)})")
    assert [] == outcome.errors
    assert not outcome.faults, outcome.told()
    assert operations == len(outcome.statuses)
    failed = {label for label, seen in outcome.statuses.items() if not any(200 <= status < 300 for status in seen)}
    assert failed <= OF_MEMBERS
    assert 200 == api.get("/api/runs").status_code, "the fuzzer's own key went"
