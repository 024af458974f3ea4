/** One test in the list. */
import { ActionIcon, Anchor, Badge, Box, Checkbox, Group, Table, Text, Tooltip } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";
import type { SavedTestSummary } from "../api/types";
import { complain, runTest } from "../live/start";
import { Sparkline } from "../parts/sparkline";
import { StatusBadge } from "../parts/status";
import { When } from "../parts/when";
import classes from "./tests.module.css";

export function TestRow({
  test,
  chosen,
  choose,
}: {
  test: SavedTestSummary;
  chosen: boolean;
  /** Without it, there is nothing that one may do with it but look. */
  choose: ((yes: boolean) => void) | undefined;
}) {
  const run = useMutation({ mutationFn: () => runTest(test), onError: complain });
  const last = test.recent.at(-1);
  return (
    <Table.Tr>
      {choose ? (
        <Table.Td>
          <Checkbox
            size="xs"
            aria-label={`Choose ${test.title}`}
            checked={chosen}
            onChange={(event) => choose(event.currentTarget.checked)}
          />
        </Table.Td>
      ) : null}
      <Table.Td className={classes.named}>
        <Anchor component={Link} to={`/tests/${test.id}`} fw={600} size="sm" c="inherit" className={classes.title}>
          {test.title}
        </Anchor>
        {test.path || test.description ? (
          <Text size="xs" c="dimmed" truncate>
            {test.path ?? test.description}
          </Text>
        ) : null}
        {test.tags.length || last ? (
          <Group gap={4} mt={2}>
            {last ? (
              <Box hiddenFrom="sm">
                <StatusBadge status={last.status} size="sm" />
              </Box>
            ) : null}
            {test.tags.map((tag) => (
              <Badge
                key={tag}
                component={Link}
                to={`/tests?tag=${encodeURIComponent(tag)}`}
                size="sm"
                variant="default"
                className={classes.tag}
                aria-label={`Tests with the tag ${tag}`}
              >
                {tag}
              </Badge>
            ))}
          </Group>
        ) : null}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {last ? (
          <>
            <StatusBadge status={last.status} />
            <Text size="xs" c="dimmed" mt={2}>
              <When at={last.endedAt} />
            </Text>
          </>
        ) : (
          <Text size="sm" c="dimmed">
            never ran
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">{last ? <Sparkline results={test.recent} /> : null}</Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm" c="dimmed" component="div">
          <When at={test.updatedAt} />
        </Text>
      </Table.Td>
      {choose ? (
        <Table.Td>
          <Tooltip label="Run it" openDelay={300}>
            <ActionIcon
              variant="light"
              size="lg"
              aria-label={`Run ${test.title}`}
              loading={run.isPending}
              onClick={() => run.mutate()}
            >
              <IconPlayerPlay size={16} />
            </ActionIcon>
          </Tooltip>
        </Table.Td>
      ) : null}
    </Table.Tr>
  );
}
