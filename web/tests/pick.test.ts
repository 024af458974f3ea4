import { expect, test } from "vitest";
import type { RunTest, TestStatus } from "../src/api/types";
import { howMany, picked } from "../src/runs/pick";

const TESTS = (
  [
    ["Cart", "passed", 30],
    ["Pay", "failed", 10],
    ["Seats", "timed_out", 90],
    ["Login", "flaky", 50],
    ["Search", "queued", null],
  ] as [string, TestStatus, number | null][]
).map(([title, status, durationMs]) => ({ id: title, title, status, durationMs, attempts: 1, cases: [] }) as RunTest);

test("a timeout is among what failed, and what waits is under way", () => {
  expect([howMany(TESTS, "bad"), howMany(TESTS, "under-way"), howMany(TESTS, "all")]).toEqual([2, 1, 5]);
});

test("the search takes no notice of capitals, and the order is the asked one", () => {
  expect(picked(TESTS, "all", "SEA", "job").map((each) => each.title)).toEqual(["Seats", "Search"]);
  expect(picked(TESTS, "all", "", "slowest").map((each) => each.title)[0]).toBe("Seats");
  expect(picked(TESTS, "all", "", "worst").map((each) => each.title)[0]).toBe("Pay");
});

test("to pick changes nothing of what it picks from", () => {
  picked(TESTS, "all", "", "slowest");

  expect(TESTS[0]?.title).toBe("Cart");
});
