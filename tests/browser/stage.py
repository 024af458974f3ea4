"""A workspace as people have one: saved tests, jobs, a schedule, runs that ended in every way, keys, members and limits."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import connect_sse

HEAD = "import { test, expect } from '@playwright/test';\n"
TESTS = {
    "Programme": HEAD + """
test('lists tonight\\'s films', async ({ page }) => {
  await page.setContent('<h1>Tonight</h1><ul><li>Metropolis</li><li>Nosferatu</li></ul>');
  await test.step('both are there', async () => {
    await expect(page.getByRole('listitem')).toHaveCount(2);
  });
  console.log('two films tonight');
});""",
    "Box office": HEAD + """
test('sells a ticket', async ({ page }) => {
  await page.setContent('<h1>Total 12</h1><button onclick="this.textContent=`sold`">Buy</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('heading')).toHaveText('Total 13', { timeout: 300 });
});""",
    "Curtain": HEAD + """
test('rises at the second try', async ({ page }, info) => {
  await page.setContent(`<h1>Try ${info.retry}</h1>`);
  await page.waitForTimeout(400);
  expect(info.retry).toBe(1);
});""",
    "Interval": HEAD + """
test('lasts a while', async ({ page }) => {
  for (let minute = 1; minute <= 3; minute += 1) {
    console.log(`minute ${minute}`);
    await page.waitForTimeout(300);
  }
});""",
    "Epilogue": HEAD + "test('is spoken', () => {});\ntest('is left out', () => { test.skip(true, 'not on Tuesdays'); });",
}  # fmt: skip
TAGS = {"Programme": ["smoke"], "Box office": ["smoke", "money"], "Curtain": ["stage"]}

MEMBERS = {
    "ada@example.com": "owner",
    "grace@example.com": "editor",
    "a.rather.long.name@theatre.example.com": "viewer",
}
VARIABLES = {"BOX_OFFICE_TOKEN": "a token of the box office", "STAGE": "https://staging.theatre.example.com"}
#: Enough for all that is done on the stage.
LIMITS = {"maxConcurrentTests": 50, "runMinutesPerMonth": 600}


@dataclass
class Stage:
    """What there is, by its ids."""

    tests: dict[str, str] = field(default_factory=dict)
    job: str = ""
    nightly: str = ""
    runs: dict[str, str] = field(default_factory=dict)
    viewer_key: str = ""


def set_up(api: httpx.Client) -> Stage:
    """Fill an empty workspace through its API; return when all runs have ended."""
    stage = Stage()
    for title, script in TESTS.items():
        saved = {"title": title, "script": script, "tags": TAGS.get(title, []), "path": f"{title.lower()}.spec.ts"}
        stage.tests[title] = _made(api, "/api/tests", saved)["id"]
    everything = {"name": "Evening", "description": "All that must work before the doors open.", "retries": 1}
    stage.job = _made(api, "/api/jobs", {**everything, "tests": list(stage.tests.values())})["id"]
    schedule = {"cron": "0 3 * * mon-fri", "timezone": "Europe/Berlin", "overlap": "queue"}
    nightly = {"name": "Nightly", "tests": [stage.tests["Programme"], stage.tests["Interval"]], "schedule": schedule}
    stage.nightly = _made(api, "/api/jobs", nightly)["id"]
    stage.runs["job"] = run_job(api, stage.job)
    stage.runs["nightly"] = run_job(api, stage.nightly)
    stage.runs["passed"] = run_script(api, TESTS["Programme"], "Programme")
    stage.runs["failed"] = run_script(api, TESTS["Box office"], "Box office")
    stage.runs["error"] = run_script(api, HEAD + "process.exit(0);", "Stage fright")
    stage.viewer_key = _made(api, "/api/keys", {"name": "The foyer's screen", "role": "viewer"})["key"]
    for email, role in MEMBERS.items():
        _made(api, "/api/members", {"email": email, "role": role})
    for name, value in VARIABLES.items():
        saved = {"value": value, "secret": name == "BOX_OFFICE_TOKEN"}
        api.put(f"/api/variables/{name}", json=saved).raise_for_status()
    workspace = api.get("/api/workspace").raise_for_status().json()["id"]
    api.put(f"/api/workspaces/{workspace}/limits", json=LIMITS).raise_for_status()
    return stage


def run_job(api: httpx.Client, job_id: str) -> str:
    """Run a job to its end; give the run's id."""
    return _ended(api, _made(api, "/api/jobs/run", {"jobId": job_id}))


def run_script(api: httpx.Client, script: str, title: str) -> str:
    """Run a script to its end; give the run's id."""
    return _ended(api, _made(api, "/api/test", {"script": script, "title": title}))


def _made(api: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _ended(api: httpx.Client, accepted: dict[str, Any]) -> str:
    with connect_sse(api, "GET", accepted["links"]["events"], timeout=240) as source:
        for event in source.iter_sse():
            if event.event == "end":
                return str(accepted.get("runId") or accepted["testId"])
    raise AssertionError("the stream ended without an end")


def pages(stage: Stage) -> dict[str, str]:
    """Every page of the web UI that somebody who is signed in can come to, by its name."""
    job = f"/runs/{stage.runs['job']}"
    return {
        "dashboard": "/",
        "playground": "/playground",
        "tests": "/tests",
        "test": f"/tests/{stage.tests['Programme']}",
        "new-test": "/tests/new",
        "jobs": "/jobs",
        "job": f"/jobs/{stage.nightly}",
        "new-job": "/jobs/new",
        "edit-job": f"/jobs/{stage.nightly}/edit",
        "runs": "/runs",
        "run": job,
        "run-failed-test": f"{job}?view=tests&only=bad",
        "run-timeline": f"{job}?view=timeline",
        "run-console": f"{job}?view=console",
        "run-report": f"{job}?view=report",
        "run-passed": f"/runs/{stage.runs['passed']}?view=tests",
        "run-error": f"/runs/{stage.runs['error']}?view=tests",
        "variables": "/variables",
        "usage": "/usage",
        "keys": "/keys",
        "members": "/members",
        "audit": "/audit",
        "audit-of-one": f"/audit?target={stage.nightly}",
        "not-found": "/no/such/page",
    }
