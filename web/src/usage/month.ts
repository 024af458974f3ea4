/** How far a month's minutes are used up. Pure. */
import type { Usage } from "../api/types";

const NEAR = 0.8;

export type Standing = "free" | "fine" | "near" | "full";

/** Tell how it stands with something of which so much may be used; without a limit it is free. */
export function standing(used: number, most: number | null | undefined): Standing {
  if (most === null || most === undefined) {
    return "free";
  }
  return used >= most ? "full" : used >= NEAR * most ? "near" : "fine";
}

/** Give minutes as people read them: `0`, `less than 1`, `1,240`. */
export function minutes(used: number): string {
  return used > 0 && used < 1 ? "less than 1" : Math.floor(used).toLocaleString("en");
}

/** Give when the next month of UTC begins, in milliseconds since the epoch. */
export function nextMonth({ since }: Pick<Usage, "since">): number {
  const begin = new Date(since);
  return Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1);
}
