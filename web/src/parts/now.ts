/** One clock for all that shows the time going by. */
import { useCallback, useSyncExternalStore } from "react";

/** Ticks while somebody looks at it. */
class Clock {
  now = Date.now();
  private readonly listeners = new Set<() => void>();
  private timer = 0;
  private readonly everyMs: number;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  listen(listener: () => void): () => void {
    if (this.listeners.size === 0) {
      this.now = Date.now(); // it stood still while nobody looked
      this.timer = window.setInterval(this.tick, this.everyMs);
    }
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) {
        window.clearInterval(this.timer);
      }
    };
  }

  private readonly tick = (): void => {
    this.now = Date.now();
    for (const each of this.listeners) {
      each();
    }
  };
}

const clocks = new Map<number, Clock>();

/** Give the time, anew every so many milliseconds. All who ask for the same pace share a timer. */
export function useNow(everyMs: number): number {
  let clock = clocks.get(everyMs);
  if (!clock) {
    clock = new Clock(everyMs);
    clocks.set(everyMs, clock);
  }
  const of = clock;
  return useSyncExternalStore(
    useCallback((listener) => of.listen(listener), [of]),
    () => of.now,
  );
}
