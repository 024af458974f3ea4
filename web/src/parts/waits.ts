/** What a run that is queued waits for. */
import { useQuery } from "@tanstack/react-query";
import { runQuery } from "../api/queries";
import type { Run } from "../api/types";
import { inLine } from "./format";

const ASK_MS = 2_000;

/** Keep a run's place in the line up to date while it is queued: it changes without an event of the run's. */
export function useLine(id: string, queued: boolean): void {
  useQuery({ ...runQuery(id), enabled: queued, refetchInterval: ASK_MS });
}

export function waits(run: Run | undefined): string {
  if (run?.inLine) {
    return "begins when the run before has ended";
  }
  return run?.queuePosition ? inLine(run.queuePosition) : "waits for a worker";
}
