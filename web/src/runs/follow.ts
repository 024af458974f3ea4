/** One run, as the API knows it and as its events go on telling it. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { runQuery, runsChanged } from "../api/queries";
import type { Run, RunStatus } from "../api/types";
import { type Feed, useFeed } from "../live/feed";
import { merged } from "../live/state";
import { isOver } from "../parts/status";
import { useLine } from "../parts/waits";

/** For so long after its end a run's report may still come (docs/architecture.md §2). */
const REPORT_MS = 900_000;

export function useRun(id: string) {
  const query = useQuery(runQuery(id));
  const run = query.data;
  const feed = useFeedOf(run);
  const live = feed?.run;
  const told = live !== undefined && live.last > 0 ? live : undefined;
  const status: RunStatus = told && !run?.endedAt ? told.status : (run?.status ?? "queued");
  useLine(id, run !== undefined && status === "queued");

  // What the events cannot tell (a test's attempts, the links of its report) the API can, once they have told the end.
  const milestone = `${told ? isOver(told.status) : ""}${told?.reportUrl ?? ""}${told?.over ?? ""}${feed?.connection === "over"}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once at each milestone, and not when there is none yet
  useEffect(() => {
    if (told && isOver(told.status)) {
      void query.refetch();
      if (told.over) {
        runsChanged();
      }
    }
  }, [milestone]);

  return {
    query,
    run,
    feed,
    live: told,
    status,
    tests: run ? merged(run, told) : [],
    counts: told?.counts.total && !run?.endedAt ? told.counts : (run?.counts ?? {}),
    report: run?.links.report ?? told?.reportUrl,
    /** Whether a report may still come. */
    coming: Boolean(run && !run.links.report && feed && feed.connection !== "over" && feed.connection !== "lost"),
  };
}

/** Follow the run if it had not come to its end when it was first seen; and from then on, for what was told is worth keeping. */
function useFeedOf(run: Run | undefined): Feed | undefined {
  const [wanted, setWanted] = useState<string>();
  const open = run && !isSettled(run) ? run.id : undefined;
  useEffect(() => {
    if (open) {
      setWanted(open);
    }
  }, [open]);
  const follows = run !== undefined && (wanted === run.id || open !== undefined);
  return useFeed(follows ? run.id : undefined, follows ? run.links.events : undefined);
}

function isSettled(run: Run): boolean {
  if (!run.endedAt) {
    return false;
  }
  return Boolean(run.links.report) || Date.now() - new Date(run.endedAt).getTime() > REPORT_MS;
}
