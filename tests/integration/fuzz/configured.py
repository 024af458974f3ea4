"""What the fuzzer is told: what there is in the workspace, and what it must not take for a fault."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.integration.fuzz.seeds import Seeds

_DOCUMENT = Path(__file__).parents[3] / "openapi.json"
#: So often what the workspace has is put where it belongs; else anything is.
_OFTEN = 0.9
_EVERYWHERE = {
    "path.run_id": "runs",
    "path.job_id": "jobs",
    "path.test_id": "tests",
    "path.member_id": "members",
    "path.workspace_id": "workspaces",
    "path.path": "files",
    "path.name": "variables",
    "query.jobId": "jobs",
    "query.testId": "tests",
    "query.timezone": "zones",
    "header.if-match": "tags",
    "header.Range": "ranges",
    "cookie.matinee_session": "sessions",
    "body.script": "scripts",
    "body.cron": "expressions",
    "body.timezone": "zones",
    "body.schedule.cron": "expressions",
    "body.schedule.timezone": "zones",
    "body.baseUrl": "urls",
    "body.jobId": "jobs",
    "body.tests[*]": "tests",
}
#: Where others belong: what is deleted shall not be missing afterwards, and a stream ends only if its run has.
_ELSEWHERE = {
    "deleteRun": {"path.run_id": "doomed_runs"},
    "deleteJob": {"path.job_id": "doomed_jobs"},
    "deleteTest": {"path.test_id": "doomed_tests"},
    "deleteVariable": {"path.name": "doomed_variables"},
    "deleteJobVariable": {"path.name": "doomed_variables"},
    "removeMember": {"path.member_id": "doomed_members"},
    "revokeApiKey": {"path.key_id": "doomed_keys"},
    "revokeTriggerKey": {"path.key_id": "doomed_trigger_keys", "path.job_id": "triggered"},
    "revokeShare": {"path.share_id": "doomed_shares", "path.run_id": "shared"},
    "triggerJob": {"path.job_id": "triggered"},
    "signIn": {"body.key": "keys"},
    "testEvents": {"path.run_id": "ended"},
    "runEvents": {"path.run_id": "ended"},
}
#: What takes an OpenID Connect issuer, or a session of one, and so never succeeds here: tests/integration/access/test_members.py.
OF_MEMBERS = {"GET /api/session/sign-on", "GET /api/session/sign-on/callback", "PUT /api/session"}
_STREAMS = {"testEvents", "runEvents"}
_OFF = {"enabled": False}
_EXCUSED: dict[str, dict[str, Any]] = {
    # `GET /api/jobs/run` is of a job whose id is `run`, as far as a router goes; so that path allows it.
    "runJob": {"allow_header_conformance": _OFF},
    # In a query, `tag=false` is a tag called false; what else this route takes, listRuns takes too.
    "listTests": {"negative_data_rejection": _OFF},
    # Who is not signed in has signed out already.
    "signOut": {"negative_data_rejection": _OFF},
    # A stream is documented as the text that it is, and Schemathesis takes it for a list of objects.
    "testEvents": {"response_schema_conformance": _OFF},
    "runEvents": {"response_schema_conformance": _OFF},
}


def document(seeds: Seeds) -> dict[str, Any]:
    """Give openapi.json, in whose examples stands what there is."""
    found: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    schemas = found["components"]["schemas"]
    tests, job = seeds.known["tests"], seeds.known["jobs"][0]
    schemas["JobRequest"]["properties"]["tests"]["examples"] = [tests[:2]]
    schemas["JobRunRequest"]["properties"]["jobId"]["examples"] = [job]
    schemas["JobRunRequest"]["examples"] = [{"jobId": job}, {"jobId": job, "tests": [{"id": tests[0]}]}]
    # Limits of the fuzzer's own workspace would end its work.
    (limited,) = found["paths"]["/api/workspaces/{workspace_id}/limits"]["put"]["parameters"]
    limited["schema"]["enum"] = seeds.known["workspaces"]
    schemas["SignInRequest"]["examples"] = [{"key": seeds.known["keys"][0]}]
    return found


def configuration(seeds: Seeds, *, seed: int, each: int) -> dict[str, Any]:
    """Give Schemathesis' own settings; `each`: so many cases are made up at random for each operation."""
    named = {*_ELSEWHERE, *_EXCUSED}
    operations = [_operation(name) for name in sorted(named)]
    next(one for one in operations if one["include-operation-id"] == "triggerJob")["headers"] = _bearer(
        seeds.trigger_key
    )
    return {
        "seed": seed,
        "headers": _bearer(seeds.api_key),
        "dictionaries": {name: {"values": values} for name, values in seeds.known.items()},
        "parameters": _bound(_EVERYWHERE),
        "generation": {"max-examples": each, "no-shrink": True, "database": "none"},
        # What a script, an expression of cron, a zone or a cursor must be like, no schema can say.
        "checks": {"positive_data_acceptance": _OFF},
        "operations": operations,
        "max-stream-events": 1,
        "request-timeout": 120,  # AWS's stand-in copies its whole table for each transaction, and it grows
        "continue-on-failure": True,
        "suppress-health-check": ["all"],  # a busy machine is no fault
        "cache": _OFF,
        "warnings": False,
    }


def _operation(name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"include-operation-id": name}
    if name in _ELSEWHERE:
        told["parameters"] = _bound({**_EVERYWHERE, **_ELSEWHERE[name]})
    if name in _STREAMS:
        told["request-timeout"] = 3  # of a run that goes on, nothing may come for long
    if name in _EXCUSED:
        told["checks"] = deepcopy(_EXCUSED[name])
    return told


def _bound(places: dict[str, str]) -> dict[str, Any]:
    return {place: {"dictionary": name, "probability": _OFTEN} for place, name in places.items()}


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
