/** Variables of the workspace, or of one job: where they are read, saved and deleted. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import type { Variable } from "../api/types";

export const variablesQuery = (job: string | undefined) =>
  queryOptions({
    queryKey: ["variables", job ?? "workspace"],
    queryFn: ({ signal }) =>
      job
        ? body(api.GET("/api/jobs/{job_id}/variables", { params: { path: { job_id: job } }, signal }))
        : body(api.GET("/api/variables", { signal })),
  });

export async function put(
  job: string | undefined,
  { name, value, secret }: { name: string; value: string; secret: boolean },
): Promise<Variable> {
  const wanted = { value, secret };
  const saved = await (job
    ? body(api.PUT("/api/jobs/{job_id}/variables/{name}", { params: { path: { job_id: job, name } }, body: wanted }))
    : body(api.PUT("/api/variables/{name}", { params: { path: { name } }, body: wanted })));
  void cache.invalidateQueries(variablesQuery(job));
  return saved;
}

export async function remove(job: string | undefined, name: string): Promise<void> {
  await (job
    ? body(api.DELETE("/api/jobs/{job_id}/variables/{name}", { params: { path: { job_id: job, name } } }))
    : body(api.DELETE("/api/variables/{name}", { params: { path: { name } } })));
}

/** Forget what is no longer so. */
export const stale = (job: string | undefined) => void cache.invalidateQueries(variablesQuery(job));
