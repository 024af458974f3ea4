import { expect, test } from "vitest";
import { minutes, nextMonth, standing } from "../src/usage/month";

test("without a limit nothing is near it; at none at all everything is used", () => {
  expect([standing(900, undefined), standing(79, 100), standing(80, 100), standing(100, 100), standing(0, 0)]).toEqual([
    "free",
    "fine",
    "near",
    "full",
    "full",
  ]);
});

test("minutes are whole, and what is used is never told as nothing", () => {
  expect([minutes(0), minutes(0.2), minutes(41.99), minutes(1_240)]).toEqual(["0", "less than 1", "41", "1,240"]);
});

test("the next month begins in UTC, also after December", () => {
  expect(new Date(nextMonth({ since: "2026-12-01T00:00:00Z" })).toISOString()).toBe("2027-01-01T00:00:00.000Z");
});
