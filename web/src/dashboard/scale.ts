/** From figures to places on a plot. */

const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
const SECONDS = [0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_200];

/** The steps in which durations are counted, in milliseconds. */
export const DURATIONS = SECONDS.map((each) => each * 1_000);

/** Give even marks from 0 to at least `most`, four steps of those given, or fewer. */
export function marks(most: number, steps: readonly number[] = COUNTS): readonly number[] {
  const step = steps.find((each) => most / each <= 4) ?? 10 ** Math.ceil(Math.log10(most / 4));
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, index) => index * step);
}

/** Cut a line into the pieces between its holes; a piece is a list of the days that have a value. */
export function pieces(values: readonly (number | null | undefined)[]): readonly (readonly number[])[] {
  const found: number[][] = [];
  values.forEach((value, index) => {
    if (typeof value !== "number") {
      return;
    }
    const last = found.at(-1);
    if (last?.at(-1) === index - 1) {
      last.push(index);
    } else {
      found.push([index]);
    }
  });
  return found;
}
