/** What runs and waits now, in the header of every page: a list to jump to, or to stop. */
import {
  ActionIcon,
  Badge,
  Box,
  Button,
  Group,
  Indicator,
  Popover,
  ScrollArea,
  Stack,
  Text,
  UnstyledButton,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconActivity, IconPlayerStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { activeQuery, runsChanged } from "../api/queries";
import type { RunSummary } from "../api/types";
import { cancel, complain } from "../live/start";
import { CountsBar } from "../parts/counts";
import { count } from "../parts/format";
import { useMay } from "../parts/may";
import { StatusIcon } from "../parts/status";
import { When } from "../parts/when";

export function Activity() {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { data } = useQuery(activeQuery);
  const runs = data?.items ?? [];
  const running = runs.filter((run) => run.status === "running").length;
  const queued = runs.length - running;
  useStaleLists(runs);
  const says = runs.length === 0 ? "Nothing runs" : `${running} running, ${queued} queued`;
  return (
    <Popover opened={opened} onChange={toggle} position="bottom-end" width={340} shadow="md" trapFocus>
      <Popover.Target>
        <UnstyledButton onClick={toggle} aria-label={says} aria-expanded={opened} p={6}>
          <Group gap={6} wrap="nowrap">
            <Indicator disabled={running === 0} processing color="blue" size={8} offset={3}>
              <IconActivity size={20} aria-hidden style={{ display: "block" }} />
            </Indicator>
            {runs.length ? (
              <Text size="sm" visibleFrom="xs" style={{ whiteSpace: "nowrap" }}>
                {says}
              </Text>
            ) : null}
            {runs.length ? (
              <Badge hiddenFrom="xs" size="sm" circle>
                {runs.length}
              </Badge>
            ) : null}
          </Group>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label="What runs now">
        {runs.length === 0 ? (
          <Text size="sm" c="dimmed" p="xs">
            Nothing runs now. What you or a schedule start shows here.
          </Text>
        ) : (
          <ScrollArea.Autosize mah={420} viewportProps={{ tabIndex: 0 }}>
            <Stack gap={4}>
              {runs.slice(0, 50).map((run) => (
                <Entry key={run.id} run={run} close={close} />
              ))}
            </Stack>
          </ScrollArea.Autosize>
        )}
        <Button component={Link} to="/runs" variant="subtle" size="compact-sm" mt={6} onClick={close}>
          All runs
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

function Entry({ run, close }: { run: RunSummary; close: () => void }) {
  const edits = useMay("editor");
  return (
    <Group gap="xs" wrap="nowrap" px={6} py={4}>
      <StatusIcon status={run.status} />
      <Box style={{ flex: 1, minWidth: 0 }}>
        <Text
          component={Link}
          to={`/runs/${run.id}`}
          size="sm"
          fw={500}
          truncate
          display="block"
          onClick={close}
          c="inherit"
        >
          {run.title}
        </Text>
        {run.kind === "job" && run.status === "running" ? (
          <CountsBar counts={run.counts} size="xs" />
        ) : (
          <Text size="xs" c="dimmed" component="div">
            {run.kind === "job" ? `${count(run.counts.total ?? 0, "test")}, ` : ""}
            <When at={run.createdAt} />
          </Text>
        )}
      </Box>
      {edits ? (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Cancel ${run.title}`}
          disabled={Boolean(run.cancelRequestedAt)}
          onClick={() => cancel(run.id).catch(complain)}
        >
          <IconPlayerStop size={16} />
        </ActionIcon>
      ) : null}
    </Group>
  );
}

/** When a run begins or ends, whoever started it, the lists that show runs are no longer true. */
function useStaleLists(runs: readonly RunSummary[]): void {
  const now = runs
    .map((run) => `${run.id}${run.status}`)
    .sort()
    .join();
  const before = useRef(now);
  useEffect(() => {
    if (before.current !== now) {
      before.current = now;
      runsChanged();
    }
  }, [now]);
}
