/** Places tests on a timeline: as many lanes as ever ran at once, so that parallelism can be seen. */
export interface Span {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export interface Placed extends Span {
  readonly lane: number;
}

/** Put each span into the first lane that is free when it begins; the earliest first. */
export function placed(spans: readonly Span[]): readonly Placed[] {
  const free: number[] = [];
  return [...spans]
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map((span) => {
      const found = free.findIndex((until) => until <= span.from);
      const lane = found === -1 ? free.length : found;
      free[lane] = span.to;
      return { ...span, lane };
    });
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];

/** Give the marks of an axis that is `ms` long: every so many milliseconds, at most `most` of them. */
export function ticks(ms: number, most: number): readonly number[] {
  const wanted = ms / 1_000 / Math.max(1, most);
  const step = 1_000 * (STEPS.find((each) => each >= wanted) ?? Math.ceil(wanted / 3_600) * 3_600);
  return Array.from({ length: Math.floor(ms / step) + 1 }, (_, index) => index * step);
}
