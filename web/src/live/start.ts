/** Starts, stops and repeats runs, and has their ends announced. */
import { notifications } from "@mantine/notifications";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { runsChanged } from "../api/queries";
import type { Run } from "../api/types";
import { refusal } from "../parts/refusal";
import { follow } from "./followed";

/** An attempt to start may be repeated when the answer was lost: the same key starts one run. */
export function onceKey(): { "idempotency-key": string } {
  return { "idempotency-key": crypto.randomUUID() };
}

/** Run a saved job; give the run's id. */
export async function runJob(job: { id: string; name: string }): Promise<string> {
  const accepted = await body(api.POST("/api/jobs/run", { body: { jobId: job.id }, params: { header: onceKey() } }));
  follow({ id: accepted.runId, title: job.name, kind: "job", events: accepted.links.events });
  runsChanged();
  return accepted.runId;
}

/** Run a saved test; give the run's id. */
export async function runTest(test: { id: string; title: string }): Promise<string> {
  const accepted = await body(
    api.POST("/api/tests/{test_id}/run", {
      params: { path: { test_id: test.id }, header: onceKey() },
      body: {},
    }),
  );
  follow({ id: accepted.runId, title: test.title, kind: "test", events: accepted.links.events });
  runsChanged();
  return accepted.runId;
}

/** Run a run's tests again, in a new run; give its id. */
export async function rerun(run: Pick<Run, "id" | "title" | "kind">, only: "failed" | "all"): Promise<string> {
  const accepted = await body(
    api.POST("/api/runs/{run_id}/rerun", {
      params: { path: { run_id: run.id }, header: onceKey() },
      body: { only },
    }),
  );
  follow({ id: accepted.runId, title: run.title, kind: run.kind, events: accepted.links.events });
  runsChanged();
  return accepted.runId;
}

/** Ask a run to stop. */
export async function cancel(id: string): Promise<void> {
  await body(api.POST("/api/runs/{run_id}/cancel", { params: { path: { run_id: id } } }));
  runsChanged();
}

/** Tell a person that what they asked for did not work, in the API's own words. */
export function complain(error: unknown): void {
  notifications.show({
    color: "red",
    title: error instanceof ProblemError && error.status === 404 ? "It is already gone" : refusal(error),
    message: error instanceof Error ? error.message : String(error),
    autoClose: 10_000,
  });
}
