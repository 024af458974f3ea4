/** What the pages of jobs read beyond `api/queries`. All but names under the keys that `runsChanged` makes stale. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { SavedTestSummary } from "../api/types";

const PAGE = 50;
const LARGEST_PAGE = 200;

export const jobsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "list", search],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/jobs", {
          params: {
            query: { limit: PAGE, ...(search ? { search } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 60_000, // a schedule's next time goes by without any run that tells of it
  });

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "schedule", id],
    queryFn: ({ signal }) => body(api.GET("/api/jobs/{job_id}/schedule", { params: { path: { job_id: id } }, signal })),
    refetchInterval: 30_000,
  });

export const triggerKeysQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "trigger-keys", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/jobs/{job_id}/trigger-keys", { params: { path: { job_id: id } }, signal })),
  });

export const jobRunsQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "job", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { jobId: id, limit: 10 } }, signal })),
  });

/** Tests to pick from. */
export const testsQuery = (search: string, tags: readonly string[]) =>
  infiniteQueryOptions({
    queryKey: ["tests", "pick", search, tags],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/tests", {
          params: {
            query: {
              limit: LARGEST_PAGE,
              ...(search ? { search } : {}),
              ...(tags.length ? { tag: [...tags] } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export const tagsQuery = queryOptions({
  queryKey: ["tests", "tags"],
  queryFn: ({ signal }) => body(api.GET("/api/tags", { signal })),
  staleTime: 30_000,
});

/** The tests of so many ids; a job has only their ids, and the API gives them only by pages, newest first. */
export const namedQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["named", [...ids].sort()],
    queryFn: async ({ signal }) => {
      const wanted = new Set(ids);
      const found = new Map<string, SavedTestSummary>();
      let cursor: string | null | undefined;
      do {
        const query = { limit: LARGEST_PAGE, ...(cursor ? { cursor } : {}) };
        const page = await body(api.GET("/api/tests", { params: { query }, signal }));
        for (const test of page.items.filter((each) => wanted.has(each.id))) {
          found.set(test.id, test);
        }
        cursor = page.nextCursor;
      } while (cursor && found.size < wanted.size);
      return found;
    },
    enabled: ids.length > 0,
    staleTime: 10_000,
  });

export const previewQuery = (cron: string, timezone: string) =>
  queryOptions({
    queryKey: ["preview", cron, timezone],
    queryFn: ({ signal }) => body(api.POST("/api/schedules/preview", { body: { cron, timezone }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
