/** The latest runs, in short. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, body } from "../api/client";
import { duration } from "../parts/format";
import { Failure, Waiting } from "../parts/page";
import { StatusIcon } from "../parts/status";
import { When } from "../parts/when";

const latestQuery = queryOptions({
  queryKey: ["runs", "latest"],
  queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { limit: 8 } }, signal })),
});

export function Recent() {
  const { data, error, refetch } = useQuery(latestQuery);
  if (error && !data) {
    return <Failure error={error} retry={() => void refetch()} />;
  }
  if (!data) {
    return <Waiting rows={4} height={28} />;
  }
  if (data.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing has run yet.
      </Text>
    );
  }
  return (
    <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {data.items.map((run) => (
        <Group key={run.id} component="li" gap={8} wrap="nowrap">
          <StatusIcon status={run.status} />
          <Anchor component={Link} to={`/runs/${run.id}`} size="sm" c="inherit" truncate style={{ flex: 1 }}>
            {run.title}
          </Anchor>
          <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {duration(run.durationMs)}
          </Text>
          <Text size="sm" w={84} ta="right" style={{ whiteSpace: "nowrap" }}>
            <When at={run.createdAt} />
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
