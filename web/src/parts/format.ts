/** Figures and times as people read them. */

/** Give a duration: `840 ms`, `12.3 s`, `4 min 05 s`, `1 h 12 min`. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) {
    return "–";
  }
  if (ms < 1_000) {
    return `${Math.round(ms)} ms`;
  }
  const seconds = ms / 1_000;
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 3_600) {
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  }
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "full" });
const ORDINAL = new Intl.PluralRules("en", { type: "ordinal" });
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Give a time relative to now: `3 min. ago`, `in 2 hr.`, `just now`. */
export function relative(at: string | number, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1_000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) {
      return RELATIVE.format(Math.round(seconds / size), unit);
    }
  }
  return seconds > 5 ? "in a moment" : "just now";
}

/** Give when something may be tried again: `in 30 s`, `in 5 min`, `at 14:05`, `on 1 December`. */
export function again(at: number, now: number): string {
  const seconds = Math.max(1, Math.ceil((at - now) / 1_000));
  if (seconds < 100) {
    return `in ${seconds} s`;
  }
  if (seconds < 3_600) {
    return `in ${Math.ceil(seconds / 60)} min`;
  }
  // It is told in whole seconds: what begins with a day must not be told as the end of the day before.
  const rounded = new Date(at + 60_000);
  return seconds < 43_200 ? `at ${CLOCK.format(rounded)}` : `on ${DAY.format(rounded)}`;
}

/** Give a place in a line: `next in line`, `2nd in line`, `11th in line`. */
export function inLine(position: number): string {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" } as const;
  const kind = ORDINAL.select(position) as keyof typeof ending;
  return position <= 1 ? "next in line" : `${position.toLocaleString("en")}${ending[kind]} in line`;
}

/** Give a time in full, in the reader's own zone. */
export function absolute(at: string | number): string {
  return ABSOLUTE.format(new Date(at));
}

/** Give a time without its seconds, in the reader's own zone. */
export function moment(at: string | number): string {
  return SHORT.format(new Date(at));
}

/** Give a time's hour and minute, in the reader's own zone. */
export function clock(at: string | number): string {
  return CLOCK.format(new Date(at));
}

/** Give a time's day, in the reader's own zone: `Today`, `Yesterday`, `Monday, 23 November 2026`. */
export function day(at: string | number, now: number): string {
  const names = [0, 1].map((back) => new Date(new Date(now).setDate(new Date(now).getDate() - back)).toDateString());
  const found = names.indexOf(new Date(at).toDateString());
  return ["Today", "Yesterday"][found] ?? WEEKDAY.format(new Date(at));
}

/** Give a share as a percentage: never 100 % unless all, never 0 % unless none. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) {
    return "–";
  }
  const rounded = Math.round(share * 1_000) / 10;
  if (share < 1 && rounded === 100) {
    return "99.9 %";
  }
  return share > 0 && rounded === 0 ? "0.1 %" : `${rounded} %`;
}

/** Give a number with its noun: `1 test`, `7 tests`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
