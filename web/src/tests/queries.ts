/** What the pages of tests read. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export interface Filter {
  readonly search: string;
  readonly tags: readonly string[];
}

export const tagsQuery = queryOptions({
  queryKey: ["tests", "tags"],
  queryFn: ({ signal }) => body(api.GET("/api/tags", { signal })),
  staleTime: 30_000,
});

const PAGE = 50;

export const testsQuery = ({ search, tags }: Filter) =>
  infiniteQueryOptions({
    queryKey: ["tests", "list", search, tags],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/tests", {
          params: {
            query: {
              limit: PAGE,
              ...(search ? { search } : {}),
              ...(tags.length ? { tag: [...tags] } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

export const versionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["tests", "versions", id],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/tests/{test_id}/versions", {
          params: { path: { test_id: id }, query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: ["tests", "versions", id, version],
    queryFn: ({ signal }) =>
      body(api.GET("/api/tests/{test_id}/versions/{version}", { params: { path: { test_id: id, version } }, signal })),
    staleTime: Number.POSITIVE_INFINITY, // a version never changes
  });
