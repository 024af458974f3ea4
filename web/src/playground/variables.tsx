/** What the script reads as `process.env.NAME`, a row each. */
import { ActionIcon, Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useRef } from "react";
import type { Variable } from "./draft";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function Variables({
  variables,
  change,
}: {
  variables: readonly Variable[];
  change: (variables: readonly Variable[]) => void;
}) {
  const rows = useRef<HTMLDivElement>(null);
  const put = (id: number, part: Partial<Variable>) =>
    change(variables.map((each) => (each.id === id ? { ...each, ...part } : each)));
  const add = () => {
    change([...variables, { id: Math.max(0, ...variables.map(({ id }) => id)) + 1, name: "", value: "" }]);
    window.setTimeout(() => rows.current?.querySelector<HTMLInputElement>("[data-row]:last-child input")?.focus());
  };
  return (
    <Stack gap={6} role="group" aria-label="Variables">
      <Group justify="space-between" align="center">
        <Text size="sm" fw={500}>
          Variables
        </Text>
        <Button variant="subtle" size="compact-xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
          Add a variable
        </Button>
      </Group>
      {variables.length === 0 ? (
        <Text size="xs" c="dimmed">
          A script reads them as <Code>process.env.NAME</Code>.
        </Text>
      ) : null}
      <Stack gap={6} ref={rows}>
        {variables.map(({ id, name, value }, index) => (
          <Group key={id} gap={6} wrap="nowrap" align="flex-start" data-row>
            <TextInput
              aria-label={`Name of variable ${index + 1}`}
              placeholder="NAME"
              value={name}
              onChange={(event) => put(id, { name: event.currentTarget.value })}
              error={name && !NAME.test(name) ? "Letters, digits and _ only" : undefined}
              style={{ flex: 1, minWidth: 0 }}
              spellCheck={false}
              autoCapitalize="off"
            />
            <TextInput
              aria-label={`Value of ${name || `variable ${index + 1}`}`}
              placeholder="value"
              value={value}
              onChange={(event) => put(id, { value: event.currentTarget.value })}
              style={{ flex: 1.4, minWidth: 0 }}
              spellCheck={false}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="input-sm"
              aria-label={`Remove ${name || `variable ${index + 1}`}`}
              onClick={() => change(variables.filter((each) => each.id !== id))}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
      </Stack>
    </Stack>
  );
}
