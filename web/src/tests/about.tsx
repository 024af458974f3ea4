/** What a test is about, for those who only read it. */
import { Badge, Code, Group, Stack, Text } from "@mantine/core";
import type { Writing } from "./writing";

export function About({ of: { description, tags, path } }: { of: Writing }) {
  return (
    <Stack gap="xs">
      <Text size="sm" c={description ? "" : "dimmed"} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {description || "It has no description."}
      </Text>
      {tags.length ? (
        <Group gap={4} aria-label="Tags" role="group">
          {tags.map((tag) => (
            <Badge key={tag} variant="default" tt="none" fw={500}>
              {tag}
            </Badge>
          ))}
        </Group>
      ) : null}
      {path ? (
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          from <Code>{path}</Code>
        </Text>
      ) : null}
    </Stack>
  );
}
