/** The runs that were started in this tab and whose end somebody waits for, wherever in the app they are. */
import { useSyncExternalStore } from "react";
import type { Run } from "../api/types";

export interface Followed {
  readonly id: string;
  readonly title: string;
  readonly kind: Run["kind"];
  readonly events: string;
}

const PLACE = "matinee.followed";

let followed: readonly Followed[] = read();
const listeners = new Set<() => void>();

/** Have its end announced; survives a reload. */
export function follow(run: Followed): void {
  keep([...followed.filter((each) => each.id !== run.id), run]);
}

export function unfollow(id: string): void {
  keep(followed.filter((each) => each.id !== id));
}

export function useFollowed(): readonly Followed[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => followed,
  );
}

function keep(runs: readonly Followed[]): void {
  followed = runs;
  sessionStorage.setItem(PLACE, JSON.stringify(runs));
  for (const each of listeners) {
    each();
  }
}

function read(): readonly Followed[] {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(found) ? (found as Followed[]) : [];
  } catch {
    return [];
  }
}
