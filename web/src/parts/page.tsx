/** What all pages have: a heading with actions, and what stands there while there is nothing, not yet, or not any more. */
import { Alert, Box, Button, Center, Group, Skeleton, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconAlertCircle, type TablerIcon } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { ProblemError } from "../api/problem";
import { refusal } from "./refusal";

export function Page({
  title,
  heading,
  about,
  actions,
  children,
}: {
  /** For the browser's tab, too. */
  title: string;
  /** Instead of the title's plain text. */
  heading?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Matinee`;
  }, [title]);
  return (
    <Stack gap="lg" id="main" tabIndex={-1} style={{ outline: "none", minWidth: 0 }}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Box style={{ flex: "1 1 16rem", minWidth: 0 }}>
          <Title order={1} size="h2" style={{ overflowWrap: "anywhere" }}>
            {heading ?? title}
          </Title>
          {about ? (
            <Text c="dimmed" size="sm" component="div" mt={4}>
              {about}
            </Text>
          ) : null}
        </Box>
        {actions ? <Group gap="xs">{actions}</Group> : null}
      </Group>
      {children}
    </Stack>
  );
}

/** There is nothing yet: say what would be here, and how it comes. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: TablerIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="sm" maw={460} ta="center">
        <ThemeIcon variant="light" size={56} radius="xl" aria-hidden>
          <Icon size={28} />
        </ThemeIcon>
        <Text fw={600} size="lg">
          {title}
        </Text>
        {children ? (
          <Text c="dimmed" component="div">
            {children}
          </Text>
        ) : null}
        {action}
      </Stack>
    </Center>
  );
}

/** Something could not be had: its own words, and a way on. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const status = error instanceof ProblemError ? error.status : undefined;
  const title = status === 404 ? "Not here" : status === 0 ? "No connection" : refusal(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle />} title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error instanceof Error ? error.message : String(error)}</Text>
        {retry ? (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
}

/** Rows that are on their way, as high as they will be. */
export function Waiting({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <Stack gap="xs" aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else
        <Skeleton key={row} height={height} radius="sm" />
      ))}
    </Stack>
  );
}
