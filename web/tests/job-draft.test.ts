import { expect, test } from "vitest";
import { ProblemError } from "../src/api/problem";
import type { Job } from "../src/api/types";
import { BLANK, differences, draftOf, faultsOf, obvious, requestOf, resumed, without } from "../src/jobs/draft";
import { added, moved } from "../src/jobs/order";

const picked = { id: "t1", title: "Home", tags: [] };
const job: Job = {
  id: "j1",
  version: 3,
  name: "Nightly",
  description: "",
  tests: ["t1"],
  testCount: 1,
  parallelism: 5,
  retries: 1,
  timeoutSeconds: 30,
  recent: [],
  createdAt: "2026-11-01T00:00:00Z",
  updatedAt: "2026-11-01T00:00:00Z",
  schedule: {
    cron: "0 6 * * *",
    timezone: "Europe/Berlin",
    enabled: true,
    overlap: "queue",
    missed: "skip",
    startsAt: "2026-12-01T05:00:00Z",
    words: "At 06:00 every day",
    nextAt: "2026-12-01T05:00:00Z",
    failing: false,
  },
};

test("a job that is opened and saved stays what it was", () => {
  const request = requestOf(draftOf(job, [picked]));
  expect(request).toEqual({
    name: "Nightly",
    description: "",
    tests: ["t1"],
    baseUrl: null,
    parallelism: 5,
    retries: 1,
    timeoutSeconds: 30,
    runTimeoutSeconds: null,
    stopAfterFailures: null,
    schedule: {
      cron: "0 6 * * *",
      timezone: "Europe/Berlin",
      enabled: true,
      overlap: "queue",
      missed: "skip",
      startsAt: "2026-12-01T05:00:00.000Z",
      endsAt: null,
    },
  });
});

test("a schedule that is paused stays what it was otherwise", () => {
  const request = requestOf(draftOf(job, [picked]));
  const schedule = { ...request.schedule, startsAt: "2026-12-01T05:00:00Z", enabled: false };
  expect(resumed(job, false)).toEqual({ ...request, schedule });
});

test("a number that was emptied is left to the API", () => {
  const request = requestOf({ ...BLANK, parallelism: "", retries: "" });
  expect("parallelism" in request || "retries" in request).toBe(false);
});

test("what differs is named for people", () => {
  const one = draftOf(job, [picked]);
  expect(differences(one, one)).toEqual([]);
  expect(differences(one, { ...one, tests: [], runTimeoutSeconds: 9, scheduled: false })).toEqual([
    "tests",
    "time for a run",
    "schedule",
  ]);
});

test("a blank job lacks a name and tests", () => {
  expect(Object.keys(obvious(BLANK))).toEqual(["name", "tests"]);
});

test("a refusal stands at its fields, also a name that is taken", () => {
  const taken = new ProblemError(409, { detail: "There is another job named A.", field: "name" });
  expect(faultsOf(taken).name?.message).toBe("There is another job named A.");
  const wrong = new ProblemError(422, { errors: [{ in: "body", field: "schedule.cron", message: "no", position: 3 }] });
  expect(faultsOf(wrong)["schedule.cron"]?.position).toBe(3);
  expect(without({ ...faultsOf(wrong), ...faultsOf(taken) }, ["schedule"])).toEqual(faultsOf(taken));
});

test("an item moves, and not beyond the ends", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], 2, 9)).toEqual(["a", "b", "c"]);
});

test("what is there already is not added again", () => {
  const [a, b] = [{ id: "a" }, { id: "b" }];
  expect(added([a], [b, a, b])).toEqual([a, b]);
});
