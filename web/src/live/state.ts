/** A run as its events tell it, one after another. Pure: no network, no clock, no React. */
import type { Counts, Run, RunStatus, RunTest, TestStatus } from "../api/types";

/** What an event of a run says; docs/architecture.md §5 has the fields of each. */
export interface Told {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly testId?: string;
  readonly caseId?: string;
  readonly stepId?: string;
  readonly title?: string;
  readonly category?: string;
  readonly status?: string;
  readonly durationMs?: number;
  readonly attempt?: number;
  readonly attempts?: number;
  readonly reason?: RunTest["reason"];
  readonly message?: string;
  readonly counts?: Counts;
  readonly stream?: "stdout" | "stderr";
  readonly text?: string;
  readonly url?: string;
}

export const EVENTS = ["run", "test", "step", "console", "report", "end"] as const;
export type EventType = (typeof EVENTS)[number];

export interface LiveStep {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  status: "running" | "passed" | "failed";
  startedAt: number;
  durationMs?: number;
  message?: string;
}

/** One `test(...)` of a script. */
export interface LiveCase {
  readonly id: string;
  readonly title: string;
  status: TestStatus;
  attempt: number;
  startedAt: number;
  durationMs?: number;
  message?: string;
  /** Of the present attempt. */
  steps: Map<string, LiveStep>;
}

/** One test of the run: a script. */
export interface LiveTest {
  readonly id: string;
  title: string;
  status: TestStatus;
  startedAt?: number;
  endedAt?: number;
  durationMs?: number;
  attempts?: number;
  reason?: RunTest["reason"];
  message?: string;
  cases: Map<string, LiveCase>;
}

export interface ConsoleLine {
  readonly testId: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Of what was printed so many lines are kept here; all of it is in the run's console. */
export const MOST_LINES = 20_000;

export class LiveRun {
  status: RunStatus = "queued";
  counts: Counts = {};
  reason?: Run["reason"];
  message?: string;
  durationMs?: number;
  startedAt?: number;
  reportUrl?: string;
  /** Nothing comes after it. */
  over = false;
  /** The number of the last event taken. */
  last = 0;
  readonly tests = new Map<string, LiveTest>();
  lines: ConsoleLine[] = [];
  /** How many lines were let go of, the oldest first. */
  dropped = 0;

  /** Take event `number`; one that was taken already is let pass. Give whether anything changed. */
  take(number: number, type: EventType, told: Told): boolean {
    if (number <= this.last) {
      return false;
    }
    this.last = number;
    switch (type) {
      case "run":
        this.run(told);
        break;
      case "test":
        this.test(told);
        break;
      case "step":
        this.step(told);
        break;
      case "console":
        this.console(told);
        break;
      case "report":
        if (told.url) {
          this.reportUrl = told.url;
        }
        break;
      case "end":
        this.over = true;
        break;
    }
    return true;
  }

  private run(told: Told): void {
    this.status = told.status as RunStatus;
    this.counts = told.counts ?? this.counts;
    if (told.status === "running") {
      this.startedAt ??= told.at;
    }
    assign(this, told, "reason", "message", "durationMs");
  }

  private test(told: Told): void {
    const test = this.testOf(told);
    if (told.caseId === undefined) {
      test.status = told.status as TestStatus;
      test.title = told.title ?? test.title;
      assign(test, told, "durationMs", "attempts", "reason", "message");
      if (told.status === "running") {
        test.startedAt ??= told.at;
      } else {
        test.endedAt = told.at;
      }
      return;
    }
    test.startedAt ??= told.at;
    const found = test.cases.get(told.caseId);
    const attempt = told.attempt ?? 1;
    if (!found || (told.status === "running" && attempt !== found.attempt)) {
      test.cases.set(told.caseId, {
        id: told.caseId,
        title: told.title ?? found?.title ?? "",
        status: told.status as TestStatus,
        attempt,
        startedAt: told.at - (told.durationMs ?? 0),
        steps: new Map(),
        ...(told.durationMs === undefined ? {} : { durationMs: told.durationMs }),
        ...(told.message === undefined ? {} : { message: told.message }),
      });
      return;
    }
    found.status = told.status as TestStatus;
    found.attempt = attempt;
    assign(found, told, "durationMs", "message");
  }

  private step(told: Told): void {
    const steps = this.testOf(told).cases.get(told.caseId ?? "")?.steps;
    if (!steps || told.stepId === undefined) {
      return;
    }
    const found = steps.get(told.stepId);
    const status = told.status as LiveStep["status"];
    if (!found) {
      steps.set(told.stepId, {
        id: told.stepId,
        title: told.title ?? "",
        category: told.category ?? "",
        status,
        startedAt: told.at - (told.durationMs ?? 0),
        ...(told.durationMs === undefined ? {} : { durationMs: told.durationMs }),
        ...(told.message === undefined ? {} : { message: told.message }),
      });
      return;
    }
    found.status = status;
    assign(found, told, "durationMs", "message");
  }

  private console(told: Told): void {
    const testId = told.testId ?? told.runId;
    const stream = told.stream ?? "stdout";
    for (const text of (told.text ?? "").replace(/\n$/, "").split("\n")) {
      this.lines.push({ testId, stream, text });
    }
    if (this.lines.length > MOST_LINES * 1.25) {
      this.dropped += this.lines.length - MOST_LINES;
      this.lines = this.lines.slice(-MOST_LINES);
    }
  }

  private testOf(told: Told): LiveTest {
    const id = told.testId ?? told.runId;
    let test = this.tests.get(id);
    if (!test) {
      test = { id, title: told.caseId === undefined ? (told.title ?? "") : "", status: "running", cases: new Map() };
      this.tests.set(id, test);
    }
    return test;
  }
}

/** Copy what was told, and leave what was not. */
function assign<T extends object, K extends keyof T & keyof Told>(to: T, told: Told, ...names: K[]): void {
  for (const name of names) {
    if (told[name] !== undefined && told[name] !== null) {
      (to as Record<string, unknown>)[name] = told[name];
    }
  }
}

/** A run's tests as a page shows them: what the API knows, and what events told since. */
export function merged(run: Run, live: LiveRun | undefined): readonly RunTest[] {
  if (!live || live.last === 0) {
    return run.tests;
  }
  const single = run.kind === "test";
  return run.tests.map((test) => {
    const told = live.tests.get(test.id);
    if (!told || (test.endedAt && !single)) {
      return test;
    }
    const status: TestStatus = single ? singleStatus(test, live) : told.status;
    return {
      ...test,
      status,
      startedAt: test.startedAt ?? iso(told.startedAt ?? live.startedAt),
      endedAt: test.endedAt ?? iso(told.endedAt),
      durationMs: test.durationMs ?? told.durationMs ?? null,
      reason: test.reason ?? told.reason ?? null,
      message: test.message ?? told.message ?? null,
      attempts: told.attempts ?? test.attempts,
    };
  });
}

/** The only test of a single run stands as its run does; that it was flaky only the API tells. */
function singleStatus(test: RunTest, live: LiveRun): TestStatus {
  return test.endedAt ? test.status : live.status;
}

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
