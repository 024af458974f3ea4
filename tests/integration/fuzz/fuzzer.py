"""Schemathesis over the whole contract, in process."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema
from starlette.types import ASGIApp


@dataclass
class Outcome:
    """What came of a fuzz."""

    cases: Counter[str] = field(default_factory=Counter)  #: how many requests, by phase
    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))  #: by operation
    faults: dict[tuple[str, ...], str] = field(default_factory=dict)  #: each once, with a request that shows it
    errors: list[str] = field(default_factory=list)  #: what kept an operation from being tried

    def told(self) -> str:
        """Give the faults as text."""
        return "\n\n".join("\n".join([*fault, shown]) for fault, shown in sorted(self.faults.items()))


def fuzz(app: ASGIApp, document: dict[str, Any], config: dict[str, Any]) -> Outcome:
    """Try each operation of the document, as the configuration (Schemathesis' own) says."""
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(config))
    schema.app = app
    outcome = Outcome()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                _take(event, outcome)
            case events.NonFatalError() | events.FatalError():
                outcome.errors.append(f"{getattr(event, 'label', '')}: {getattr(event, 'value', event)!r}")
    return outcome


def _take(event: events.ScenarioFinished, outcome: Outcome) -> None:
    recorded = event.recorder
    for case_id, interaction in recorded.interactions.items():
        outcome.cases[event.phase.value] += 1
        if interaction.response is not None:
            label = recorded.cases[case_id].value.operation.label
            outcome.statuses[label][int(interaction.response.status_code)] += 1
    for case_id, checks in recorded.checks.items():
        label = recorded.cases[case_id].value.operation.label
        for check in checks:
            if found := check.failure_info:
                fault = (label, check.name, found.failure.title, found.failure.message)
                outcome.faults.setdefault(fault, found.code_sample)
