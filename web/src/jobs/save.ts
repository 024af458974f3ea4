/** Saves a job, and knows what came in between. */
import { useState } from "react";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { cache, jobQuery } from "../api/queries";
import type { Job } from "../api/types";
import { type Draft, draftOf, type Faults, faultsOf, obvious, requestOf } from "./draft";
import { namedQuery } from "./queries";

/** What somebody else saved meanwhile. */
export interface Theirs {
  readonly draft: Draft;
  readonly version: number;
  readonly at: string;
}

export function useSave(job: Job | undefined) {
  const [version, setVersion] = useState(job?.version);
  const [busy, setBusy] = useState(false);
  const [faults, setFaults] = useState<Faults>({});
  const [error, setError] = useState<Error>();
  const [theirs, setTheirs] = useState<Theirs>();
  const [refused, setRefused] = useState(0);

  /** Give the saved job; nothing if it was refused, which the other members tell. */
  const save = async (draft: Draft, over: "seen" | "newest" | "new"): Promise<Job | undefined> => {
    const wrong = obvious(draft);
    setFaults(wrong);
    setError(undefined);
    if (Object.keys(wrong).length > 0) {
      setRefused((times) => times + 1);
      return undefined;
    }
    setBusy(true);
    try {
      const seen = over === "newest" ? theirs?.version : version;
      const saved = await put(draft, over === "new" ? undefined : job?.id, seen);
      setTheirs(undefined);
      setVersion(saved.version);
      cache.setQueryData(jobQuery(saved.id).queryKey, saved);
      void cache.invalidateQueries({ queryKey: ["jobs"] });
      return saved;
    } catch (problem) {
      await explain(problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };

  const explain = async (problem: unknown) => {
    if (job && problem instanceof ProblemError && problem.status === 412) {
      try {
        return setTheirs(await theirsOf(job.id));
      } catch (other) {
        return explain(other);
      }
    }
    setTheirs(undefined);
    const found = problem instanceof ProblemError ? faultsOf(problem) : {};
    setFaults(found);
    setRefused((times) => times + 1);
    if (Object.keys(found).length === 0) {
      setError(problem instanceof Error ? problem : new Error(String(problem)));
    }
  };

  return {
    save,
    busy,
    faults,
    setFaults,
    error,
    /** Grows with each refusal. */
    refused,
    gone: Boolean(job) && error instanceof ProblemError && error.status === 404,
    theirs,
    /** Theirs is what one goes on from. */
    settle: () => {
      setVersion(theirs?.version);
      setTheirs(undefined);
      setFaults({});
    },
    dismiss: () => setTheirs(undefined),
  };
}

function put(draft: Draft, id: string | undefined, seen: number | undefined): Promise<Job> {
  const request = requestOf(draft);
  if (id === undefined) {
    return body(api.POST("/api/jobs", { body: request }));
  }
  const params = { path: { job_id: id }, header: { "if-match": `"${seen}"` } };
  return body(api.PUT("/api/jobs/{job_id}", { params, body: request }));
}

async function theirsOf(id: string): Promise<Theirs> {
  const job = await cache.fetchQuery({ ...jobQuery(id), staleTime: 0 });
  const named = await cache.fetchQuery(namedQuery(job.tests));
  return { draft: draftOf(job, pickedOf(job.tests, named)), version: job.version, at: job.updatedAt };
}

/** Give tests by their ids, in this order; one whose name is not known goes by its id. */
export function pickedOf(
  ids: readonly string[],
  named: ReadonlyMap<string, { id: string; title: string; tags: readonly string[] }> | undefined,
) {
  return ids.map((id) => named?.get(id) ?? { id, title: id, tags: [] });
}
