/** How far a run has come, and how: one bar of its tests' outcomes. */
import { Group, Progress, Text } from "@mantine/core";
import type { Counts, TestStatus } from "../api/types";
import { LOOKS, statusColor } from "./status";

const SHOWN: readonly (keyof Counts & TestStatus)[] = ["passed", "flaky", "failed", "error", "skipped"];

export function ended(counts: Counts): number {
  return SHOWN.reduce((sum, each) => sum + (counts[each] ?? 0), 0);
}

export function CountsBar({ counts, size = "md" }: { counts: Counts; size?: "xs" | "sm" | "md" | "lg" }) {
  const total = Math.max(1, counts.total ?? 0);
  const done = ended(counts);
  return (
    <Progress.Root size={size} role="group" aria-label={`${done} of ${counts.total ?? 0} tests have ended`}>
      {SHOWN.filter((each) => counts[each]).map((each) => (
        <Progress.Section
          key={each}
          value={(100 * (counts[each] ?? 0)) / total}
          color={statusColor(each)}
          aria-label={`${counts[each]} ${LOOKS[each].label.toLowerCase()}`}
        />
      ))}
    </Progress.Root>
  );
}

/** The same in words: `12 passed · 1 failed`. */
export function CountsText({ counts }: { counts: Counts }) {
  const shown = SHOWN.filter((each) => counts[each]);
  return (
    <Group gap={8} component="span" wrap="wrap">
      {shown.map((each) => (
        <Text key={each} size="sm" component="span" style={{ color: statusColor(each), whiteSpace: "nowrap" }}>
          {counts[each]} {LOOKS[each].label.toLowerCase()}
        </Text>
      ))}
      <Text size="sm" component="span" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        of {counts.total}
      </Text>
    </Group>
  );
}
