/** How a test ended lately. */
import { Anchor, Group, Paper, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import { duration } from "../parts/format";
import { type Result, Sparkline } from "../parts/sparkline";
import { StatusBadge } from "../parts/status";
import { When } from "../parts/when";
import classes from "./tests.module.css";

const SHOWN = 5;

export function Recent({ results }: { results: readonly Result[] }) {
  return (
    <Paper withBorder p="sm" component="section" aria-labelledby="recent">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5" id="recent">
          Recent results
        </Title>
        {results.length ? <Sparkline results={results} /> : null}
      </Group>
      {results.length ? (
        <ul className={classes.list}>
          {results
            .slice(-SHOWN)
            .reverse()
            .map((each) => (
              <Group component="li" key={each.runId} justify="space-between" gap="xs" wrap="nowrap">
                <StatusBadge status={each.status} size="sm" />
                <Text size="sm" c="dimmed">
                  {duration(each.durationMs)}
                </Text>
                <Anchor component={Link} to={`/runs/${each.runId}`} size="sm">
                  <When at={each.endedAt} />
                </Anchor>
              </Group>
            ))}
        </ul>
      ) : (
        <Text size="sm" c="dimmed">
          It has not run yet.
        </Text>
      )}
    </Paper>
  );
}
