/** Which of a run's tests are shown, and in which order. */
import type { RunTest, TestStatus } from "../api/types";
import { isBad } from "../parts/status";

export type Kind = "all" | "bad" | "flaky" | "under-way" | "passed" | "skipped";
export type Order = "job" | "slowest" | "worst";

const KINDS: Readonly<Record<Kind, (status: TestStatus) => boolean>> = {
  all: () => true,
  bad: isBad,
  flaky: (status) => status === "flaky",
  "under-way": (status) => status === "running" || status === "queued",
  passed: (status) => status === "passed",
  skipped: (status) => status === "skipped" || status === "cancelled",
};

const WORST: readonly TestStatus[] = [
  "error",
  "failed",
  "timed_out",
  "flaky",
  "running",
  "queued",
  "cancelled",
  "skipped",
  "passed",
];

export function isKind(value: string | null): value is Kind {
  return value !== null && value in KINDS;
}

export function howMany(tests: readonly RunTest[], kind: Kind): number {
  return tests.filter((test) => KINDS[kind](test.status)).length;
}

export function picked(tests: readonly RunTest[], kind: Kind, search: string, order: Order): readonly RunTest[] {
  const wanted = search.trim().toLowerCase();
  const found = tests.filter(
    (test) => KINDS[kind](test.status) && (wanted === "" || test.title.toLowerCase().includes(wanted)),
  );
  if (order === "slowest") {
    return found.sort((a, b) => (b.durationMs ?? -1) - (a.durationMs ?? -1));
  }
  return order === "worst" ? found.sort((a, b) => WORST.indexOf(a.status) - WORST.indexOf(b.status)) : found;
}
