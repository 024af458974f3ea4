/** A job's last runs, as they stand now. */
import { Anchor, Box, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { activeQuery } from "../api/queries";
import type { RunSummary } from "../api/types";
import { CountsBar, CountsText } from "../parts/counts";
import { duration } from "../parts/format";
import { Failure, Waiting } from "../parts/page";
import { isOver, StatusBadge } from "../parts/status";
import { When } from "../parts/when";
import { TRIGGERS } from "../runs/trigger";
import classes from "./jobs.module.css";
import { jobRunsQuery } from "./queries";

export function JobRuns({ id }: { id: string }) {
  const runs = useQuery(jobRunsQuery(id));
  const active = useQuery(activeQuery);
  if (runs.error && !runs.data) {
    return <Failure error={runs.error} retry={() => void runs.refetch()} />;
  }
  if (!runs.data) {
    return <Waiting rows={5} height={46} />;
  }
  if (runs.data.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It has not run yet. What comes of its runs shows here.
      </Text>
    );
  }
  // The header looks at what is under way more often than this list is read.
  const latest = new Map(active.data?.items.map((run) => [run.id, run]));
  return (
    <ul className={classes.lines} aria-label="Its last runs, the newest first">
      {runs.data.items.map((run) => (
        <li key={run.id}>
          <Entry run={latest.get(run.id) ?? run} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ run }: { run: RunSummary }) {
  return (
    <Group gap="xs" justify="space-between">
      <Group gap="xs" style={{ flex: "1 1 18rem" }}>
        <Box style={{ flex: "none" }}>
          <StatusBadge status={run.status} />
        </Box>
        <Anchor component={Link} to={`/runs/${run.id}`} size="sm">
          <When at={run.createdAt} />
        </Anchor>
        <Text size="sm" c="dimmed" component="span">
          {TRIGGERS[run.trigger].says}
        </Text>
      </Group>
      {isOver(run.status) ? (
        <Group gap="sm" wrap="nowrap">
          <CountsText counts={run.counts} />
          <Text size="sm" c="dimmed" miw={64} ta="right" style={{ whiteSpace: "nowrap" }}>
            {duration(run.durationMs)}
          </Text>
        </Group>
      ) : (
        <Box style={{ flex: "1 1 8rem" }} maw={240}>
          <CountsBar counts={run.counts} size="sm" />
        </Box>
      )}
    </Group>
  );
}
