/** How much of something is used, beside how much may be. */
import { Group, Progress, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { TestStatus } from "../api/types";
import { statusColor } from "../parts/status";
import { type Standing, standing } from "./month";

const TONES: Readonly<Record<Standing, TestStatus>> = {
  free: "running",
  fine: "running",
  near: "flaky",
  full: "failed",
};

export function Gauge({
  name,
  used,
  says,
  most,
  calm = false,
  children,
}: {
  name: string;
  used: number;
  /** What is used, in words, if its number is not enough. */
  says?: string;
  most: number | null | undefined;
  /** All of it may be used, and nobody is refused anything. */
  calm?: boolean;
  children?: ReactNode;
}) {
  const tone = statusColor(TONES[calm ? "fine" : standing(used, most)]);
  const limited = typeof most === "number";
  const told = `${says ?? used.toLocaleString("en")}${limited ? ` of ${most.toLocaleString("en")}` : ""}`;
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm">{name}</Text>
        <Text size="sm" fw={600} style={{ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }}>
          {told}
        </Text>
      </Group>
      {limited ? (
        <Progress
          value={most > 0 ? Math.min(100, (100 * used) / most) : 100}
          color={tone}
          aria-label={`${name}: ${told}`}
        />
      ) : null}
      {children ? (
        <Text size="xs" c="dimmed" component="div">
          {children}
        </Text>
      ) : null}
    </Stack>
  );
}
