/** What a workspace uses. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const usageQuery = queryOptions({
  queryKey: ["usage"],
  queryFn: ({ signal }) => body(api.GET("/api/usage", { signal })),
});
