import { expect, test } from "vitest";
import { duration, percent, relative } from "../src/parts/format";

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1.0 s"],
  [59_949, "59.9 s"],
  [59_999, "1 min 00 s"],
  [245_000, "4 min 05 s"],
  [3_599_900, "1 h 00 min"],
  [4_320_000, "1 h 12 min"],
  [null, "–"],
])("%s ms are read as %s", (ms, wanted) => {
  expect(duration(ms)).toBe(wanted);
});

test("a share is 100 % only if it is all, and 0 % only if it is none", () => {
  expect([percent(1), percent(0.9999), percent(0.0001), percent(0), percent(undefined)]).toEqual([
    "100 %",
    "99.9 %",
    "0.1 %",
    "0 %",
    "–",
  ]);
});

test("a time is read relative to now, in the largest unit that it fills", () => {
  const now = Date.UTC(2026, 10, 23, 12);

  expect(relative(now - 20_000, now)).toBe("just now");
  expect(relative(now - 3 * 60_000, now)).toBe("3 min. ago");
  expect(relative(now + 2 * 3_600_000, now)).toBe("in 2 hr.");
  expect(relative(now - 86_400_000, now)).toBe("yesterday");
});
