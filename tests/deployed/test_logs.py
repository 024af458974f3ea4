"""What the functions leave in their logs: enough to follow a run by its id, and nothing that is somebody's own."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

from tests.deployed.deeds import HEAD, ended, ok, sweep, until

#: Each is found nowhere else.
SCRIPT, VARIABLE, PRINTED, TYPED = (
    "marker-of-the-script",
    "marker-of-the-value",
    "marker-of-the-console",
    "marker-typed",
)
MARKED = (
    HEAD
    + f"""test('{SCRIPT}', async ({{ page }}) => {{
  await page.setContent('<input aria-label="word">');
  await page.getByLabel('word').fill('{TYPED}');
  console.log('{PRINTED}', process.env.WORD);
  await expect(page.getByLabel('word')).toHaveValue('something else', {{ timeout: 200 }});
}});
"""
)


def test_a_run_is_followed_by_its_id_and_nothing_of_its_owners_is_told(cloud: Any, api: httpx.Client) -> None:
    """From the request that began it to the sweep that forgot it, in each function's log; no script, variable, console or key in any."""
    test = ok(api.post("/api/tests", json={"title": "Marked", "script": MARKED}))["id"]
    job = ok(api.post("/api/jobs", json={"name": "Marked", "tests": [test]}))["id"]
    accepted = ok(api.post("/api/jobs/run", json={"jobId": job, "variables": {"WORD": VARIABLE}}))
    run = ended(api, accepted["links"]["self"])
    until(lambda: ok(api.get(accepted["links"]["self"]))["links"].get("report"))
    assert PRINTED in api.get(accepted["links"]["console"]).text
    api.post(f"{accepted['links']['self']}/rerun", json={"only": "all"})
    assert 422 == api.post("/api/test", json={"script": f"{SCRIPT} ("}).status_code
    api.get("/api/runs", headers={"Authorization": f"Bearer {VARIABLE}"})
    api.delete(accepted["links"]["self"])
    sweep(cloud)
    lines = list(_lines(cloud))

    told = {line["service"] for line in map(_parsed, lines) if line.get("run_id") == run["id"]}
    assert {"submit", "plan_job", "run_test", "track_runs", "merge_report"} <= told
    kept = [SCRIPT, VARIABLE, PRINTED, TYPED, cloud.key]
    assert [] == [line for line in lines if [word for word in kept if word in line]]


def _lines(cloud: Any) -> Iterator[str]:
    """Give each line of each function's log: of those that the emulator runs, and of those whose workers are ours."""
    logs = cloud.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"] for event in events["events"])
    for file in cloud.decisions.parent.glob("*.log"):
        yield from file.read_text(errors="replace").splitlines()


def _parsed(line: str) -> Any:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
