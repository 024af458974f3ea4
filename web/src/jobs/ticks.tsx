/** What became of a schedule's last times. */
import { Anchor, Box, Button, Group, Text, Title } from "@mantine/core";
import {
  IconCalendarX,
  IconCircleCheck,
  IconClockPause,
  IconPlayerSkipForward,
  IconReplace,
  type TablerIcon,
} from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import type { TestStatus, Tick } from "../api/types";
import { moment } from "../parts/format";
import { statusColor } from "../parts/status";
import classes from "./jobs.module.css";

const OUTCOMES: Readonly<Record<Tick["outcome"], { label: string; icon: TablerIcon; tone: TestStatus }>> = {
  started: { label: "Started", icon: IconCircleCheck, tone: "passed" },
  queued: { label: "Queued behind the run before", icon: IconClockPause, tone: "running" },
  replaced: { label: "Replaced the run before", icon: IconReplace, tone: "running" },
  skipped: { label: "Skipped: the run before had not ended", icon: IconPlayerSkipForward, tone: "skipped" },
  missed: { label: "Missed", icon: IconCalendarX, tone: "failed" },
};

const REASONS: Readonly<Record<NonNullable<Tick["reason"]>, string>> = {
  stack_down: "Matinee was not running",
  not_delivered: "EventBridge Scheduler did not deliver it",
  paused: "the schedule was paused when it came",
  changed: "the schedule was changed before it came",
  start_failed: "the run could not be started",
};
const FEW = 6;

export function Ticks({ ticks }: { ticks: readonly Tick[] }) {
  const [all, setAll] = useState(false);
  return (
    <Box>
      <Title order={3} size="h6" mb={4}>
        What became of the last times
      </Title>
      {ticks.length === 0 ? (
        <Text size="sm" c="dimmed">
          None has come yet. Each will show here, also one that started nothing, with the reason.
        </Text>
      ) : (
        <ul className={classes.lines} aria-label="What became of the last times, the newest first">
          {ticks.slice(0, all ? ticks.length : FEW).map((tick) => (
            <li key={tick.at}>
              <Entry tick={tick} />
            </li>
          ))}
        </ul>
      )}
      {ticks.length > FEW ? (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? "Show fewer" : `Show all ${ticks.length}`}
        </Button>
      ) : null}
    </Box>
  );
}

function Entry({ tick }: { tick: Tick }) {
  const { label, icon: Icon, tone } = OUTCOMES[tick.outcome];
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={16} aria-hidden style={{ color: statusColor(tone), flex: "none", marginTop: 3 }} />
      <Box style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm">
          {label}
          {tick.reason ? `: ${REASONS[tick.reason]}` : ""}
        </Text>
        {tick.message ? (
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {tick.message}
          </Text>
        ) : null}
        <Group gap="sm">
          {tick.runId ? (
            <Anchor component={Link} to={`/runs/${tick.runId}`} size="sm">
              Its run
            </Anchor>
          ) : null}
          {tick.otherRunId ? (
            <Anchor component={Link} to={`/runs/${tick.otherRunId}`} size="sm">
              The run before
            </Anchor>
          ) : null}
        </Group>
      </Box>
      <Text size="sm" c="dimmed" component="time" dateTime={tick.at} style={{ whiteSpace: "nowrap" }}>
        {moment(tick.at)}
      </Text>
    </Group>
  );
}
