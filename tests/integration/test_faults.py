"""A small share of what `python -m bench.faults` does with 200 runs."""

import pytest

from bench.faults import inject


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_or_left_whatever_breaks() -> None:
    """Workers killed, messages sent again, the database frozen and killed, the stream replayed: each run ends once, and right."""
    findings = inject(5, at_once=3, seed=7, say=print)

    assert [] == findings.wrong
    assert {"run_test killed", "database frozen", "records replayed"} <= findings.done.keys()
