import { expect, test } from "vitest";
import { placed, ticks } from "../src/runs/lanes";

test("tests that run at the same time are in different lanes, and a lane is used again once it is free", () => {
  const spans = [
    { id: "a", from: 0, to: 10 },
    { id: "c", from: 10, to: 20 },
    { id: "b", from: 5, to: 12 },
    { id: "d", from: 11, to: 13 },
  ];

  expect(placed(spans).map(({ id, lane }) => [id, lane])).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 0],
    ["d", 2],
  ]);
});

test("a run of ten workers has ten lanes, however many tests it has", () => {
  const spans = Array.from({ length: 1_000 }, (_, index) => ({
    id: String(index),
    from: Math.floor(index / 10) * 100 + (index % 10),
    to: Math.floor(index / 10) * 100 + (index % 10) + 100,
  }));

  expect(Math.max(...placed(spans).map((each) => each.lane))).toBe(9);
});

test("an axis has no more marks than there is room for, and begins at zero", () => {
  for (const ms of [300, 4_000, 61_000, 3_700_000, 90_000_000]) {
    const found = ticks(ms, 8);

    expect(found[0]).toBe(0);
    expect(found.length).toBeLessThanOrEqual(9);
    expect(found.length).toBeGreaterThan(2);
    expect(found.at(-1)).toBeLessThanOrEqual(ms);
  }
});
