/** How a run or a test stands: one word, one colour and one sign for each status, everywhere. */
import { Badge, type BadgeProps } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClockX,
  IconLoader2,
  IconPlayerSkipForward,
  IconRefreshAlert,
  type TablerIcon,
} from "@tabler/icons-react";
import type { TestStatus } from "../api/types";
import classes from "./status.module.css";

interface Look {
  readonly label: string;
  readonly color: string;
  readonly icon: TablerIcon;
}

export const LOOKS: Readonly<Record<TestStatus, Look>> = {
  queued: { label: "Queued", color: "gray", icon: IconCircleDashed },
  running: { label: "Running", color: "blue", icon: IconLoader2 },
  passed: { label: "Passed", color: "teal", icon: IconCircleCheck },
  flaky: { label: "Flaky", color: "yellow", icon: IconRefreshAlert },
  failed: { label: "Failed", color: "red", icon: IconCircleX },
  timed_out: { label: "Timed out", color: "orange", icon: IconClockX },
  error: { label: "Error", color: "grape", icon: IconAlertTriangle },
  skipped: { label: "Skipped", color: "gray", icon: IconPlayerSkipForward },
  cancelled: { label: "Cancelled", color: "gray", icon: IconBan },
};

/** Whether nothing comes after it. */
export function isOver(status: TestStatus): boolean {
  return status !== "queued" && status !== "running";
}

/** Whether somebody should look at it. */
export function isBad(status: TestStatus): boolean {
  return status === "failed" || status === "error" || status === "timed_out";
}

/** The colour of a status for plots, as a CSS value that fits the scheme. */
export function statusColor(status: TestStatus): string {
  return `var(--status-${status})`;
}

export function StatusIcon({ status, size = 16 }: { status: TestStatus; size?: number }) {
  const { icon: Icon, label } = LOOKS[status];
  return (
    <Icon
      size={size}
      className={classes.icon}
      style={{ color: statusColor(status) }}
      data-spins={status === "running" || undefined}
      role="img"
      aria-label={label}
    />
  );
}

export function StatusBadge({ status, ...props }: { status: TestStatus } & Omit<BadgeProps, "color" | "children">) {
  const { icon: Icon, label } = LOOKS[status];
  return (
    <Badge
      variant="default"
      className={classes.badge}
      style={{ "--badge-tone": statusColor(status) }}
      leftSection={
        <Icon size={13} className={classes.icon} data-spins={status === "running" || undefined} aria-hidden />
      }
      {...props}
    >
      {label}
    </Badge>
  );
}
