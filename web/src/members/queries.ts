/** What the page of members reads. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "../api/client";

export const membersQuery = queryOptions({
  queryKey: ["members"],
  queryFn: ({ signal }) => body(api.GET("/api/members", { signal })),
});
