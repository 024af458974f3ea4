/** One variable: its name, its value unless it is secret, and who saved it. */
import { Badge, Box, Button, Code, Group, Text } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import type { Variable } from "../api/types";
import { When } from "../parts/when";

export function Entry({
  variable: { name, secret, value, updatedAt, updatedBy },
  change,
  remove,
}: {
  variable: Variable;
  change: (() => void) | undefined;
  remove: (() => void) | undefined;
}) {
  return (
    <Group gap="sm" align="flex-start">
      <Box style={{ flex: "1 1 16rem", minWidth: 0 }}>
        <Group gap={8}>
          <Text fw={600} ff="monospace" style={{ overflowWrap: "anywhere" }}>
            {name}
          </Text>
          {secret ? (
            <Badge variant="default" leftSection={<IconLock size={12} aria-hidden />}>
              Secret
            </Badge>
          ) : null}
        </Group>
        {secret ? null : (
          <Code style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{value === "" ? "(empty)" : value}</Code>
        )}
        <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: "anywhere" }}>
          saved <When at={updatedAt} /> by {updatedBy}
        </Text>
      </Box>
      {change && remove ? (
        <Group gap="xs" wrap="nowrap">
          <Button variant="default" size="xs" onClick={change} aria-label={`Change ${name}`}>
            Change
          </Button>
          <Button variant="default" size="xs" onClick={remove} aria-label={`Delete ${name}`}>
            Delete
          </Button>
        </Group>
      ) : null}
    </Group>
  );
}
