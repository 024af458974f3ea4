import { expect, test } from "vitest";
import { DURATIONS, marks, pieces } from "../src/dashboard/scale";

test.each([1, 4, 7, 19, 100, 999, 12_345, 1_000_000])(
  "the marks for %d reach it, in at most four even steps",
  (most) => {
    const found = marks(most);
    const step = found[1] ?? 0;

    expect(found[0]).toBe(0);
    expect(found.at(-1)).toBeGreaterThanOrEqual(most);
    expect(found.length).toBeLessThanOrEqual(5);
    expect(found.every((each, index) => each === index * step)).toBe(true);
  },
);

test("durations are marked in round seconds or minutes", () => {
  expect(marks(3_400, DURATIONS)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  expect(marks(200_000, DURATIONS)).toEqual([0, 60_000, 120_000, 180_000, 240_000]);
});

test("a line has a hole where nothing ran", () => {
  expect(pieces([1, 2, null, undefined, 3, null, 4, 5])).toEqual([[0, 1], [4], [6, 7]]);
});
