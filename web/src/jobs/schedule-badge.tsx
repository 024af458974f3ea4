/** How a schedule stands: when it fires next, or why it does not. */
import { Badge, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconClock, IconPlayerPause } from "@tabler/icons-react";
import type { Schedule } from "../api/types";
import { statusColor } from "../parts/status";
import status from "../parts/status.module.css";
import { When } from "../parts/when";

export function ScheduleBadge({ schedule }: { schedule: Schedule }) {
  return (
    <>
      {schedule.failing ? (
        <Tooltip
          label="Its last three times should have started a run, and did not. The job's page says why."
          multiline
          w={260}
        >
          <Badge
            variant="default"
            tabIndex={0}
            className={status.badge ?? ""}
            style={{ "--badge-tone": statusColor("failed") }}
            leftSection={<IconAlertTriangle size={13} aria-hidden />}
          >
            Failing
          </Badge>
        </Tooltip>
      ) : null}
      {schedule.enabled ? (
        <Text size="sm" c="dimmed" component="span">
          <IconClock size={14} aria-hidden style={{ verticalAlign: "-2px" }} />{" "}
          {schedule.nextAt ? (
            <>
              next <When at={schedule.nextAt} />
            </>
          ) : (
            "no more times come"
          )}
        </Text>
      ) : (
        <Badge
          variant="default"
          className={status.badge ?? ""}
          style={{ "--badge-tone": statusColor("skipped") }}
          leftSection={<IconPlayerPause size={13} aria-hidden />}
        >
          Paused
        </Badge>
      )}
    </>
  );
}
