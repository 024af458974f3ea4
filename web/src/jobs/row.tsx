/** One job of the list. */
import { ActionIcon, Anchor, Box, Group, Menu, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconPencil, IconTrash } from "@tabler/icons-react";
import { Link } from "react-router";
import type { JobSummary } from "../api/types";
import { count, duration } from "../parts/format";
import { useMay } from "../parts/may";
import { Sparkline } from "../parts/sparkline";
import { LOOKS, StatusBadge } from "../parts/status";
import { When } from "../parts/when";
import { DeleteJob } from "./delete";
import classes from "./jobs.module.css";
import { RunNow } from "./run-now";
import { ScheduleBadge } from "./schedule-badge";

export function JobRow({ job }: { job: JobSummary }) {
  const last = job.lastRun;
  const edits = useMay("editor");
  return (
    <li className={classes.job}>
      <Box className={classes.name}>
        <Anchor component={Link} to={`/jobs/${job.id}`} fw={600} c="inherit" display="block" truncate title={job.name}>
          {job.name}
        </Anchor>
        <Text size="sm" c="dimmed" truncate>
          {count(job.testCount, "test")}
          {job.description ? `, ${job.description}` : ""}
        </Text>
      </Box>
      <Box className={classes.when}>
        {job.schedule ? (
          <Stack gap={2}>
            <Text size="sm" lineClamp={2}>
              {job.schedule.words}
            </Text>
            <Group gap={6}>
              <ScheduleBadge schedule={job.schedule} />
            </Group>
          </Stack>
        ) : (
          <Text size="sm" c="dimmed">
            No schedule
          </Text>
        )}
      </Box>
      <Box className={classes.last}>
        {last ? (
          <Group gap={6} wrap="wrap">
            <Anchor
              component={Link}
              to={`/runs/${last.runId}`}
              underline="never"
              aria-label={`${LOOKS[last.status].label}: the last run of ${job.name}`}
            >
              <StatusBadge status={last.status} />
            </Anchor>
            <Text size="sm" c="dimmed" component="span">
              <When at={last.endedAt ?? last.createdAt} />
              {last.durationMs ? `, ${duration(last.durationMs)}` : ""}
            </Text>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            Never ran
          </Text>
        )}
      </Box>
      <Box className={classes.recent}>{job.recent.length ? <Sparkline results={job.recent} /> : null}</Box>
      {edits ? <Tools job={job} /> : null}
    </li>
  );
}

function Tools({ job }: { job: JobSummary }) {
  const [deleting, { open, close }] = useDisclosure(false);
  return (
    <Group className={classes.actions} gap={4} wrap="nowrap" justify="flex-end">
      <RunNow job={job} size="xs" variant="light" />
      <Menu position="bottom-end" width={160}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More for ${job.name}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} component={Link} to={`/jobs/${job.id}/edit`}>
            Edit
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={16} />} color="red" onClick={open}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteJob job={job} opened={deleting} close={close} />
    </Group>
  );
}
