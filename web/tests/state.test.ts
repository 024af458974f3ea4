import { expect, test } from "vitest";
import type { Run, RunTest } from "../src/api/types";
import { LiveRun, MOST_LINES, merged } from "../src/live/state";

const AT = 1_790_000_000_000;

function told(...events: [number, Parameters<LiveRun["take"]>[1], object][]): LiveRun {
  const run = new LiveRun();
  for (const [number, type, data] of events) {
    run.take(number, type, { runId: "r", at: AT + number, ...data });
  }
  return run;
}

test("an event that comes again, as after a reconnect, is not taken twice", () => {
  const run = told([1, "console", { testId: "t", stream: "stdout", text: "one\n" }]);

  expect(run.take(1, "console", { runId: "r", at: AT, testId: "t", text: "one\n" })).toBe(false);
  expect(run.lines.map((line) => line.text)).toEqual(["one"]);
});

test("a test's retry begins its steps anew, and its end keeps them", () => {
  const of = { testId: "t", caseId: "c", title: "pays" };
  const run = told(
    [1, "test", { ...of, status: "running", attempt: 1 }],
    [2, "step", { ...of, stepId: "1", title: "click", category: "pw:api", status: "failed", durationMs: 4 }],
    [3, "test", { ...of, status: "failed", attempt: 1, durationMs: 9, message: "no" }],
    [4, "test", { ...of, status: "running", attempt: 2 }],
    [5, "step", { ...of, stepId: "1", title: "fill", category: "pw:api", status: "running" }],
    [6, "step", { ...of, stepId: "1", title: "fill", category: "pw:api", status: "passed", durationMs: 2 }],
    [7, "test", { ...of, status: "passed", attempt: 2, durationMs: 5 }],
  );
  const found = run.tests.get("t")?.cases.get("c");

  expect([found?.status, found?.attempt, found?.durationMs]).toEqual(["passed", 2, 5]);
  expect([...(found?.steps.values() ?? [])].map((step) => [step.title, step.status])).toEqual([["fill", "passed"]]);
});

test("what was printed is cut at its lines, each with its test, and the oldest go when there are too many", () => {
  const text = `${Array.from({ length: 1_000 }, (_, index) => `line ${index}`).join("\n")}\n`;
  const run = new LiveRun();
  for (let number = 1; number <= 30; number += 1) {
    run.take(number, "console", { runId: "r", at: AT, testId: "t", text });
  }

  expect(run.lines.length).toBeLessThanOrEqual(MOST_LINES * 1.25);
  expect(run.lines.length + run.dropped).toBe(30_000);
  expect(run.lines.at(-1)).toEqual({ testId: "t", stream: "stdout", text: "line 999" });
});

test("a job's tests show what events told since, and what the API has of one that ended counts more", () => {
  const one = (id: string, more: Partial<RunTest> = {}): RunTest => ({
    id,
    title: id,
    status: "queued",
    attempts: 0,
    cases: [],
    ...more,
  });
  const ended = one("a", { status: "flaky", endedAt: new Date(AT).toISOString(), durationMs: 7 });
  const run = { kind: "job", tests: [ended, one("b"), one("c")] } as unknown as Run;
  const live = told(
    [1, "test", { testId: "a", title: "a", status: "running" }],
    [2, "test", { testId: "b", title: "b", status: "running" }],
    [3, "test", { testId: "b", title: "b", status: "failed", durationMs: 12, message: "no" }],
  );

  expect(merged(run, live).map((test) => [test.status, test.durationMs ?? null])).toEqual([
    ["flaky", 7],
    ["failed", 12],
    ["queued", null],
  ]);
  expect(merged(run, live)[1]?.startedAt).toBe(new Date(AT + 2).toISOString());
});

test("a run is over with its last event only: the verdict comes before the report", () => {
  const run = told(
    [1, "run", { status: "running", counts: { total: 1 } }],
    [2, "run", { status: "passed", counts: { total: 1, passed: 1 }, durationMs: 30 }],
    [3, "report", { url: "/api/test-results/tests/r/report/" }],
  );

  expect([run.status, run.over, run.reportUrl]).toEqual(["passed", false, "/api/test-results/tests/r/report/"]);
  run.take(4, "end", { runId: "r", at: AT, status: "passed" });
  expect(run.over).toBe(true);
});
