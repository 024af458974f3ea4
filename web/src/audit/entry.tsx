/** One change: who did what to which thing, and at what time of its day. */
import { ActionIcon, Anchor, Box, Group, Text, type TextProps, Tooltip } from "@mantine/core";
import {
  IconFilter,
  IconKeyOff,
  IconLogin2,
  IconPencil,
  IconPlayerStop,
  IconPlus,
  IconTrash,
  type TablerIcon,
} from "@tabler/icons-react";
import { Link } from "react-router";
import type { AuditEntry, TestStatus } from "../api/types";
import { absolute, clock } from "../parts/format";
import { statusColor } from "../parts/status";
import { pageOf, sentenceOf } from "./sentence";

const LOOKS: Readonly<Record<string, { icon: TablerIcon; tone: TestStatus }>> = {
  made: { icon: IconPlus, tone: "passed" },
  deleted: { icon: IconTrash, tone: "failed" },
  revoked: { icon: IconKeyOff, tone: "failed" },
  cancelled: { icon: IconPlayerStop, tone: "timed_out" },
  "signed in": { icon: IconLogin2, tone: "skipped" },
};
const OTHERWISE = { icon: IconPencil, tone: "running" } as const;

/** What acts if it is no person. */
const ACTORS: Readonly<Record<string, string>> = { key: "API key", trigger_key: "trigger key" };

export function Entry({
  entry,
  gone,
  filtered,
}: {
  entry: AuditEntry;
  /** The pages that are not there any more. */
  gone: ReadonlySet<string | undefined>;
  filtered: boolean;
}) {
  const { icon: Icon, tone } = LOOKS[entry.action] ?? OTHERWISE;
  const { does, name, more } = sentenceOf(entry);
  const page = pageOf(entry);
  const actor = ACTORS[entry.actor.kind];
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden style={{ color: statusColor(tone), flex: "none", marginTop: 2 }} />
      <Box style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}>
        <Text size="sm">
          <Text span inherit fw={600}>
            {entry.actor.name}
          </Text>
          {actor ? (
            <Text span inherit c="dimmed">
              {" "}
              ({actor})
            </Text>
          ) : null}{" "}
          {does}{" "}
          {name && page && !gone.has(page) ? (
            <Anchor component={Link} to={page} inherit fw={500} underline="always">
              {name}
            </Anchor>
          ) : (
            <Text span inherit fw={500}>
              {name}
            </Text>
          )}
          {more}
        </Text>
        <Time at={entry.at} hiddenFrom="xs" />
      </Box>
      {filtered || !name ? null : (
        <Tooltip label="Only what was done to this" openDelay={300}>
          <ActionIcon
            component={Link}
            to={`/audit?target=${entry.targetId}`}
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={`Only what was done to ${name}`}
          >
            <IconFilter size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      <Time at={entry.at} visibleFrom="xs" />
    </Group>
  );
}

function Time({ at, ...props }: { at: string } & Pick<TextProps, "hiddenFrom" | "visibleFrom">) {
  return (
    <Tooltip label={absolute(at)} openDelay={300}>
      <Text size="sm" c="dimmed" component="time" dateTime={at} style={{ whiteSpace: "nowrap" }} {...props}>
        {clock(at)}
      </Text>
    </Tooltip>
  );
}
