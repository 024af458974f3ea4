import { expect, test, vi } from "vitest";
import { patiently } from "../src/editor/patiently";

test("what the network does not bring is asked for again, ever less often, until it comes", async () => {
  vi.useFakeTimers();
  const asked: number[] = [];
  const began = Date.now();
  const got = patiently(async () => {
    asked.push(Date.now() - began);
    if (asked.length < 8) {
      throw new TypeError("Failed to fetch");
    }
    return "types";
  });
  await vi.runAllTimersAsync();
  expect(await got).toBe("types");
  expect(asked).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]);
  vi.useRealTimers();
});
