/** How the script is run. Closed it says so in a line. */
import {
  Box,
  Collapse,
  Group,
  NumberInput,
  Paper,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { IconAdjustmentsHorizontal, IconChevronDown } from "@tabler/icons-react";
import { type Draft, summaryOf } from "./draft";
import classes from "./playground.module.css";
import { Variables } from "./variables";

export function Options({
  draft,
  change,
  opened,
  toggle,
  faults,
}: {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  opened: boolean;
  toggle: () => void;
  /** What the API said of a field, by its name. */
  faults: Readonly<Record<string, string>>;
}) {
  return (
    <Paper withBorder>
      <UnstyledButton onClick={toggle} aria-expanded={opened} aria-controls="options" w="100%" px="sm" py={9}>
        <Group gap="xs" wrap="nowrap">
          <IconAdjustmentsHorizontal size={18} aria-hidden />
          <Text size="sm" fw={600}>
            Options
          </Text>
          <Text size="sm" c="dimmed" truncate style={{ flex: 1 }}>
            {opened ? "" : summaryOf(draft)}
          </Text>
          <IconChevronDown size={16} aria-hidden className={classes.chevron} data-opened={opened || undefined} />
        </Group>
      </UnstyledButton>
      <Collapse expanded={opened} id="options">
        <Stack gap="sm" px="sm" pb="sm">
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <TextInput
              label="Title"
              placeholder="Playground"
              maxLength={200}
              value={draft.title}
              onChange={(event) => change({ title: event.currentTarget.value })}
              error={faults.title}
            />
            <TextInput
              label="Base URL"
              placeholder="https://example.com"
              type="url"
              inputMode="url"
              value={draft.baseUrl}
              onChange={(event) => change({ baseUrl: event.currentTarget.value })}
              error={faults.baseUrl}
            />
            <NumberInput
              label="Timeout in seconds"
              min={1}
              max={840}
              clampBehavior="blur"
              allowDecimal={false}
              value={draft.timeoutSeconds}
              onChange={(value) => change({ timeoutSeconds: Number(value) || 1 })}
              error={faults.timeoutSeconds}
            />
            <NumberInput
              label="Retries"
              min={0}
              max={10}
              clampBehavior="strict"
              allowDecimal={false}
              value={draft.retries}
              onChange={(value) => change({ retries: Number(value) || 0 })}
              error={faults.retries}
            />
          </SimpleGrid>
          <Box>
            <Variables variables={draft.variables} change={(variables) => change({ variables })} />
            {faults.variables ? (
              <Text size="sm" c="red" role="alert">
                {faults.variables}
              </Text>
            ) : null}
          </Box>
        </Stack>
      </Collapse>
    </Paper>
  );
}
