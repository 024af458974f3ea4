"""A workspace in which a fuzzer finds something: what paths and bodies name, is there."""

from datetime import UTC, datetime
from typing import Any

from matinee import bootstrap
from matinee.model.work import Event
from matinee.stores.artifacts import report_prefix, viewer_prefix
from tests.integration.past import SCRIPT, ended, save

#: The files of each report.
_FILES = ("index.html", "junit.xml", "results.json", "data/0123456789abcdef0123456789abcdef01234567.zip")
_EACH = range(8)
_TEXTS = {
    "scripts": [SCRIPT, "import { test } from '@playwright/test';\ntest('b', () => {});"],
    "expressions": ["0 3 * * *", "rate(5 minutes)"],
    "zones": ["UTC", "Europe/Berlin"],
    "tags": ["*", '"1"'],
    "files": [*_FILES, "trace/index.html"],
    "ranges": ["bytes=0-1", "bytes=-2", "bytes=99-"],
    "urls": ["https://example.com"],
}


class Seeds:
    """Ids, keys and texts, by what they are of. What is `doomed` is for requests that delete; the rest is meant to stay."""

    def __init__(self, road: Any, api: Any) -> None:
        self._road = road
        self._api = api
        self.api_key: str = road.key
        self.known: dict[str, list[str]] = {**_TEXTS, "keys": [road.key]}
        self._add_tests_and_jobs()
        self._add_runs()
        self._add_variables()
        self._add_others()
        self.trigger_key = self._add_keys()

    def _add_tests_and_jobs(self) -> None:
        for kind in ("tests", "doomed_tests"):
            self.known[kind] = [save(self._api, f"{kind} {number}") for number in _EACH]
        when, tests = {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}, self.known["tests"][:2]
        for kind in ("jobs", "doomed_jobs"):
            made = [self._made("/api/jobs", name=f"{kind} {number}", tests=tests, schedule=when) for number in _EACH]
            self.known[kind] = [job["id"] for job in made]

    def _add_runs(self) -> None:
        self.known["ended"] = [self._ended(job_id=job_id) for job_id in self.known["jobs"]]
        self.known["doomed_runs"] = [self._ended() for _ in _EACH]
        self.known["shared"] = [shared] = self.known["ended"][:1]
        made = [self._made(f"/api/runs/{shared}/shares", name=f"share {number}") for number in _EACH]
        self.known["doomed_shares"] = [share["id"] for share in made]
        self.known["runs"] = [*self.known["ended"], *(self._road.submit() for _ in _EACH)]
        bootstrap.artifacts().put_bytes(f"{viewer_prefix('1.65.1')}index.html", b"<p>viewer", content_type="text/html")

    def _add_variables(self) -> None:
        """Add variables of the workspace, and of each job."""
        self.known["variables"] = ["TOKEN", "WHERE_TO"]
        self.known["doomed_variables"] = [f"V{number}" for number in _EACH]
        jobs = [f"/api/jobs/{job_id}" for job_id in self.known["jobs"]]
        for number, name in enumerate([*self.known["variables"], *self.known["doomed_variables"]]):
            for place in ("/api", *jobs):
                saved = self._api("PUT", f"{place}/variables/{name}", json={"value": "x" * 9, "secret": number == 0})
                assert saved.status_code == 200, saved.text

    def _add_others(self) -> None:
        """Add members, and a workspace that can be limited without limiting us."""
        for kind in ("members", "doomed_members"):
            added = [self._made("/api/members", email=f"{kind}{number}@example.com") for number in _EACH]
            self.known[kind] = [member["id"] for member in added]
        self.known["workspaces"] = [self._made("/api/workspaces", name="Another")["workspace"]["id"]]

    def _add_keys(self) -> str:
        """Add API keys, sessions, and trigger keys of one job; give one of these."""
        self.known["triggered"] = [job] = self.known["jobs"][:1]
        path = f"/api/jobs/{job}/trigger-keys"
        used, *doomed = (self._made(path, name=f"key {number}") for number in _EACH)
        self.known["doomed_trigger_keys"] = [key["id"] for key in doomed]
        self.known["doomed_keys"] = [self._made("/api/keys", name=f"key {number}")["id"] for number in _EACH]
        signed = [self._api.post("/api/session", json={"key": self.api_key}).headers["set-cookie"] for _ in _EACH]
        self.known["sessions"] = [cookie.partition("=")[2].partition(";")[0] for cookie in signed]
        return str(used["key"])

    def _ended(self, **more: Any) -> str:
        """Put a run that ended, with its report and its events."""
        run_id = ended(self._road.workspace_id, datetime.now(UTC), ("failed", self.known["tests"][0]), **more)
        with bootstrap.database().transaction() as connection:
            connection.execute("UPDATE runs SET report_at = now(), end_said_at = now() WHERE id = %s", [run_id])
        for name in _FILES:
            key = report_prefix(self._road.workspace_id, run_id) + name
            bootstrap.artifacts().put_bytes(key, b"<p>report", content_type="text/html")
        events = [
            Event(type="console", at=5, data={"text": run_id}),
            Event(type="end", at=9, data={"status": "failed"}),
        ]
        bootstrap.live().append(run_id, events)
        return run_id

    def _made(self, path: str, **body: Any) -> Any:
        answer = self._api.post(path, json=body)
        assert 201 == answer.status_code, answer.text
        return answer.json()
