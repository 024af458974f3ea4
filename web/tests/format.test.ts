import { expect, test } from "vitest";
import { again, day, duration, inLine, percent, relative } from "../src/parts/format";

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

test.each([
  [0, "in 1 s"],
  [29.2, "in 30 s"],
  [240, "in 4 min"],
  [3_599, "in 60 min"],
])("what may be tried again after %s s is told so", (seconds, wanted) => {
  expect(again(1_000 * seconds, 0)).toBe(wanted);
});

test("what begins with a day is told as that day, not as the end of the one before", () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  const december = new Date(2026, 11, 1).getTime();

  expect([again(december, now), again(december - 400, now)]).toEqual(["on 1 December", "on 1 December"]);
});

test("places in a line are told as people count", () => {
  expect([1, 2, 3, 4, 11, 12, 21, 102, 1_011].map(inLine)).toEqual([
    "next in line",
    "2nd in line",
    "3rd in line",
    "4th in line",
    "11th in line",
    "12th in line",
    "21st in line",
    "102nd in line",
    "1,011th in line",
  ]);
});

test("a day is told by its name, but for the last two", () => {
  const now = new Date(2026, 2, 1, 0, 30).getTime();
  const days = [new Date(2026, 2, 1), new Date(2026, 1, 28, 23, 59), new Date(2026, 1, 27)];

  expect(days.map((at) => day(at.getTime(), now))).toEqual(["Today", "Yesterday", "Friday, 27 February 2026"]);
});
