/** What will run by itself, and when. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { NextTick } from "../api/types";
import { Waiting } from "../parts/page";
import { When } from "../parts/when";

export function Next({ ticks }: { ticks: readonly NextTick[] | undefined }) {
  if (!ticks) {
    return <Waiting rows={4} height={28} />;
  }
  if (ticks.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No job has a schedule that is on.{" "}
        <Anchor component={Link} to="/jobs" inherit>
          A job
        </Anchor>{" "}
        can run by itself, by cron in any time zone.
      </Text>
    );
  }
  return (
    <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {ticks.map((tick) => (
        <Group key={`${tick.jobId}${tick.at}`} component="li" gap={8} wrap="nowrap">
          <Anchor component={Link} to={`/jobs/${tick.jobId}`} size="sm" c="inherit" truncate style={{ flex: 1 }}>
            {tick.name}
          </Anchor>
          <Text size="xs" c="dimmed" truncate visibleFrom="sm">
            {tick.words}
          </Text>
          <Text size="sm" style={{ whiteSpace: "nowrap" }}>
            <When at={tick.at} />
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
