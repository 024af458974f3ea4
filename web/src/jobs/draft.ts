/** A job while somebody writes it, and the request that it becomes. Pure. */
import type { Fault, ProblemError } from "../api/problem";
import type { Job, JobRequest, Missed, Overlap, Schedule, ScheduleRequest } from "../api/types";
import { clockAt, HERE, momentOf } from "./cron/clock";

export interface Picked {
  readonly id: string;
  readonly title: string;
  readonly tags: readonly string[];
}

/** A number as it is typed; empty means what the API does without it. */
export type Typed = number | "";

export interface Timing {
  readonly cron: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly overlap: Overlap;
  readonly missed: Missed;
  /** What a clock in the time zone shows: `2027-03-28T02:30`. */
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly tests: readonly Picked[];
  readonly baseUrl: string;
  readonly parallelism: Typed;
  readonly retries: Typed;
  readonly timeoutSeconds: Typed;
  readonly runTimeoutSeconds: Typed;
  readonly stopAfterFailures: Typed;
  readonly scheduled: boolean;
  readonly timing: Timing;
}

const DAILY: Timing = {
  cron: "0 6 * * *",
  timezone: HERE,
  enabled: true,
  overlap: "skip",
  missed: "skip",
  startsAt: "",
  endsAt: "",
};

export const BLANK: Draft = {
  name: "",
  description: "",
  tests: [],
  baseUrl: "",
  parallelism: 10,
  retries: 0,
  timeoutSeconds: 60,
  runTimeoutSeconds: "",
  stopAfterFailures: "",
  scheduled: false,
  timing: DAILY,
};

export function draftOf(job: Job, tests: readonly Picked[]): Draft {
  return {
    name: job.name,
    description: job.description,
    tests,
    baseUrl: job.baseUrl ?? "",
    parallelism: job.parallelism,
    retries: job.retries,
    timeoutSeconds: job.timeoutSeconds,
    runTimeoutSeconds: job.runTimeoutSeconds ?? "",
    stopAfterFailures: job.stopAfterFailures ?? "",
    scheduled: Boolean(job.schedule),
    timing: job.schedule ? timingOf(job.schedule) : DAILY,
  };
}

function timingOf(schedule: Schedule): Timing {
  const { cron, timezone, enabled, overlap, missed, startsAt, endsAt } = schedule;
  const clock = (at: string | null | undefined) => (at ? clockAt(at, timezone) : "");
  return { cron, timezone, enabled, overlap, missed, startsAt: clock(startsAt), endsAt: clock(endsAt) };
}

export function requestOf(draft: Draft): JobRequest {
  const { timing } = draft;
  const moment = (clock: string) => (clock ? momentOf(clock, timing.timezone) : null);
  return {
    name: draft.name.trim(),
    description: draft.description,
    tests: draft.tests.map((test) => test.id),
    baseUrl: draft.baseUrl.trim() || null,
    runTimeoutSeconds: draft.runTimeoutSeconds === "" ? null : draft.runTimeoutSeconds,
    stopAfterFailures: draft.stopAfterFailures === "" ? null : draft.stopAfterFailures,
    ...(draft.parallelism === "" ? {} : { parallelism: draft.parallelism }),
    ...(draft.retries === "" ? {} : { retries: draft.retries }),
    ...(draft.timeoutSeconds === "" ? {} : { timeoutSeconds: draft.timeoutSeconds }),
    schedule: draft.scheduled ? { ...timing, startsAt: moment(timing.startsAt), endsAt: moment(timing.endsAt) } : null,
  };
}

/** The request that saves a job as it is, but for its schedule to be on or paused. */
export function resumed(job: Job, enabled: boolean): JobRequest {
  const { name, description, tests, parallelism, retries, timeoutSeconds, schedule } = job;
  const { baseUrl = null, runTimeoutSeconds = null, stopAfterFailures = null } = job;
  const limits = { parallelism, retries, timeoutSeconds, runTimeoutSeconds, stopAfterFailures };
  return { name, description, tests, baseUrl, ...limits, schedule: schedule ? asked(schedule, enabled) : null };
}

function asked(schedule: Schedule, enabled: boolean): ScheduleRequest {
  const { cron, timezone, overlap, missed, startsAt = null, endsAt = null } = schedule;
  return { cron, timezone, enabled, overlap, missed, startsAt, endsAt };
}

const LABELS: Readonly<Record<Exclude<keyof Draft, "timing" | "scheduled">, string>> = {
  name: "name",
  description: "description",
  tests: "tests",
  baseUrl: "base URL",
  parallelism: "parallelism",
  retries: "retries",
  timeoutSeconds: "time for a test",
  runTimeoutSeconds: "time for a run",
  stopAfterFailures: "when to stop",
};

/** Name what differs between two drafts, for people. */
export function differences(one: Draft, other: Draft): readonly string[] {
  const asked = [requestOf(one), requestOf(other)].map((each) => each as unknown as Record<string, unknown>);
  const differ = (field: string) => JSON.stringify(asked[0]?.[field]) !== JSON.stringify(asked[1]?.[field]);
  const names = Object.entries(LABELS).filter(([field]) => differ(field));
  return [...names.map(([, label]) => label), ...(differ("schedule") ? ["schedule"] : [])];
}

/** What is wrong, by the field as it is called in the request. */
export type Faults = Readonly<Record<string, Fault>>;

/** What need not be asked to be known wrong. */
export function obvious(draft: Draft): Faults {
  const fault = (field: string, message: string): Faults => ({ [field]: { in: "body", field, message } });
  return {
    ...(draft.name.trim() ? {} : fault("name", "Give it a name.")),
    ...(draft.tests.length ? {} : fault("tests", "Pick at least one test.")),
  };
}

/** Take a refusal apart; none if it names no field. */
export function faultsOf(problem: ProblemError): Faults {
  const faults = problem.faults.filter((each) => each.in === "body");
  // A name that is taken is a conflict, which names its field by itself.
  if (faults.length === 0 && typeof problem.more.field === "string") {
    faults.push({ in: "body", field: problem.more.field, message: problem.message });
  }
  return Object.fromEntries(faults.map((each) => [each.field, each]));
}

/** Let go of the faults of what was changed. */
export function without(faults: Faults, fields: readonly string[]): Faults {
  const gone = (field: string) => fields.some((each) => field === each || field.startsWith(`${each}.`));
  return Object.fromEntries(Object.entries(faults).filter(([field]) => !gone(field)));
}
