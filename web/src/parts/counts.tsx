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

/** The same in words: `12 passed 1 failed of 20`. With `all`, none is left out and each has its place: nothing moves while they grow. */
export function CountsText({ counts, all = false }: { counts: Counts; all?: boolean }) {
  const shown = SHOWN.filter((each) => all || counts[each]);
  const digits = all ? String(counts.total ?? 0).length : 0;
  return (
    <Group gap={8} component="span" wrap="wrap">
      {shown.map((each) => (
        <Text
          key={each}
          size="sm"
          component="span"
          style={{ color: counts[each] ? statusColor(each) : "var(--mantine-color-dimmed)", whiteSpace: "nowrap" }}
        >
          <Count value={counts[each] ?? 0} digits={digits} /> {LOOKS[each].label.toLowerCase()}
        </Text>
      ))}
      <Text size="sm" component="span" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        of {counts.total}
      </Text>
    </Group>
  );
}

/** A number that grows within its place: filled up with blanks as wide as a digit, for so many digits. */
export function Count({ value, digits }: { value: number; digits: number }) {
  return <span style={{ fontVariantNumeric: "tabular-nums" }}>{String(value).padStart(digits, "\u2007")}</span>;
}
