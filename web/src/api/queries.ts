/** What pages read from the API, each kind of thing under one key, so that a change knows what it makes stale. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { ProblemError } from "./problem";
import type { Session } from "./types";

export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always", // the stack may be on this very machine, wherever the rest of the network is
      staleTime: 2_000,
      retry: (count, error) => error instanceof ProblemError && error.passing && count < 3,
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5_000),
    },
    mutations: { networkMode: "always" },
  },
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => {
    try {
      return await body(api.GET("/api/session", { signal }));
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) {
        return null;
      }
      throw error;
    }
  },
  staleTime: 60_000,
});

/** How one can sign in here, beside with an API key. Nobody waits for it for long: the key is always a way. */
export const waysQuery = queryOptions({
  queryKey: ["ways"],
  queryFn: ({ signal }) => body(api.GET("/api/session/ways", { signal })),
  staleTime: 60_000,
  retry: false,
});

/** Take somebody for signed in, or out, and forget all that was shown to whoever was there before. */
export async function enter(session: Session | null): Promise<void> {
  await cache.cancelQueries({ queryKey: sessionQuery.queryKey }); // an answer to who was there before would come over it
  cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  cache.setQueryData(sessionQuery.queryKey, session);
}

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}", { params: { path: { run_id: id } }, signal })),
  });

export const testQuery = (id: string) =>
  queryOptions({
    queryKey: ["tests", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/tests/{test_id}", { params: { path: { test_id: id } }, signal })),
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
  });

/** The runs that have not ended. Looked at often while there are some, seldom else, and never in a hidden tab. */
export const activeQuery = queryOptions({
  queryKey: ["runs", "active"],
  queryFn: ({ signal }) =>
    body(api.GET("/api/runs", { params: { query: { status: ["queued", "running"], limit: 200 } }, signal })),
  refetchInterval: (query) => (query.state.data?.items.length ? 1_500 : 8_000),
});

/** After a run has begun, changed or ended: all lists and figures that may show it. */
export function runsChanged(): void {
  for (const key of ["runs", "tests", "jobs", "statistics"]) {
    void cache.invalidateQueries({ queryKey: [key] });
  }
}
