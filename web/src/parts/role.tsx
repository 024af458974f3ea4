/** Roles: what they are called, and what they may do. */
import { Badge, type BadgeProps } from "@mantine/core";
import { IconEye, IconPencil, IconShieldCheck, type TablerIcon } from "@tabler/icons-react";
import type { Role, TestStatus } from "../api/types";
import { statusColor } from "./status";
import classes from "./status.module.css";

interface Look {
  readonly label: string;
  readonly may: string;
  readonly icon: TablerIcon;
  readonly tone: TestStatus;
}

export const ROLE_LOOKS: Readonly<Record<Role, Look>> = {
  viewer: {
    label: "Viewer",
    may: "Sees tests, jobs, runs and their reports, and changes nothing.",
    icon: IconEye,
    tone: "skipped",
  },
  editor: {
    label: "Editor",
    may: "Also saves, runs, cancels and deletes.",
    icon: IconPencil,
    tone: "running",
  },
  owner: {
    label: "Owner",
    may: "Also says who may come in, and reads the audit log.",
    icon: IconShieldCheck,
    tone: "error",
  },
};

export function RoleBadge({ role, ...props }: { role: Role } & Omit<BadgeProps, "color" | "children">) {
  const { icon: Icon, label, tone } = ROLE_LOOKS[role];
  return (
    <Badge
      variant="default"
      className={classes.badge ?? ""}
      style={{ "--badge-tone": statusColor(tone) }}
      leftSection={<Icon size={13} className={classes.icon} aria-hidden />}
      {...props}
    >
      {label}
    </Badge>
  );
}
