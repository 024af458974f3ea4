/** Follows runs by their events: one connection a run, however many look at it, and it comes back by itself. */
import { useCallback, useSyncExternalStore } from "react";
import { api } from "../api/client";
import { ProblemError } from "../api/problem";
import { EVENTS, LiveRun, type Told } from "./state";

export type Connection = "connecting" | "open" | "reconnecting" | "over" | "lost";

const SLOWEST_MS = 10_000;

/** What comes within it is told at once: people see no more than that, and pages are drawn less often. */
const TOLD_EVERY_MS = 50;

/** One run that is followed. `version` grows with whatever changes. */
export class Feed {
  readonly run = new LiveRun();
  connection: Connection = "connecting";
  version = 0;
  private source: EventSource | undefined;
  private readonly listeners = new Set<() => void>();
  private telling = false;
  private timer = 0;
  private failures = 0;
  private readonly id: string;
  private readonly path: string;

  constructor(id: string, path: string) {
    this.id = id;
    this.path = path;
  }

  /** Whether anybody listens. */
  get used(): boolean {
    return this.listeners.size > 0;
  }

  listen(listener: () => void): () => void {
    if (this.listeners.size === 0) {
      this.start();
    }
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) {
        this.stop();
      }
    };
  }

  /** Connect at once instead of when it is next due: the network is back. */
  readonly hurry = (): void => {
    if (this.connection === "reconnecting") {
      this.connect();
    }
  };

  private start(): void {
    if (this.connection === "over" || this.connection === "lost") {
      return;
    }
    window.addEventListener("online", this.hurry);
    this.connect();
  }

  private stop(): void {
    window.removeEventListener("online", this.hurry);
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  private connect(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(`${this.path}?lastEventId=${this.run.last}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.become("open");
    };
    source.onerror = () => {
      if (source !== this.source || this.run.over) {
        return;
      }
      // A browser tries again by itself only where the connection broke; an answer that was refused it takes as final.
      if (source.readyState === EventSource.CLOSED) {
        void this.retry();
      } else {
        this.become("reconnecting");
      }
    };
    for (const type of EVENTS) {
      source.addEventListener(type, (event) => {
        const number = Number(event.lastEventId);
        if (this.run.take(number, type, JSON.parse(event.data) as Told)) {
          this.changed();
        }
        if (type === "end") {
          this.finish("over");
        }
      });
    }
  }

  /** The server refused, or had nothing more: see whether there is anything to come back for. */
  private async retry(): Promise<void> {
    this.become("reconnecting");
    try {
      const { data } = await api.GET("/api/runs/{run_id}", { params: { path: { run_id: this.id } } });
      if (data?.endedAt && this.failures > 0) {
        return this.finish("over"); // its events are gone; its result is not
      }
    } catch (error) {
      if (error instanceof ProblemError && !error.passing && error.status !== 429) {
        return this.finish("lost");
      }
    }
    if (this.listeners.size > 0) {
      this.failures += 1;
      this.timer = window.setTimeout(() => this.connect(), Math.min(500 * 2 ** this.failures, SLOWEST_MS));
    }
  }

  private finish(as: "over" | "lost"): void {
    this.stop();
    this.become(as);
  }

  private become(connection: Connection): void {
    if (this.connection !== connection) {
      this.connection = connection;
      this.changed();
    }
  }

  private changed(): void {
    if (this.telling) {
      return;
    }
    this.telling = true;
    window.setTimeout(() => {
      this.telling = false;
      this.version += 1;
      for (const each of this.listeners) {
        each();
      }
    }, TOLD_EVERY_MS);
  }
}

const feeds = new Map<string, Feed>();
const MOST_FEEDS = 8;

/** Give the feed of a run; the same for all who ask, and for a while after nobody did. */
export function feedOf(id: string, path: string): Feed {
  const found = feeds.get(id) ?? new Feed(id, path);
  feeds.delete(id); // the newest stands last
  feeds.set(id, found);
  for (const [oldest, feed] of feeds) {
    if (feeds.size > MOST_FEEDS && oldest !== id && !feed.used) {
      feeds.delete(oldest);
    }
  }
  return found;
}

/** Follow a run as long as the component is there. Give undefined if there is none to follow. */
export function useFeed(id: string | undefined, path: string | undefined): Feed | undefined {
  const feed = id !== undefined && path !== undefined ? feedOf(id, path) : undefined;
  useSyncExternalStore(
    useCallback((listener) => feed?.listen(listener) ?? (() => {}), [feed]),
    () => feed?.version ?? 0,
  );
  return feed;
}
