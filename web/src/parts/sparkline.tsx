/** The last results at a glance: a bar each, as high as it took, in the colour of how it ended. */
import { Text, Tooltip, UnstyledButton } from "@mantine/core";
import { Link } from "react-router";
import type { TestStatus } from "../api/types";
import { absolute, duration } from "./format";
import classes from "./sparkline.module.css";
import { LOOKS, statusColor } from "./status";

export interface Result {
  readonly runId: string;
  readonly status: TestStatus;
  readonly durationMs?: number | null | undefined;
  readonly endedAt: string;
}

/** Show `results`, the oldest first. Each is a link to its run. */
export function Sparkline({ results, height = 28 }: { results: readonly Result[]; height?: number }) {
  if (results.length === 0) {
    return (
      <Text size="sm" c="dimmed" component="span">
        no runs yet
      </Text>
    );
  }
  const longest = Math.max(1, ...results.map((each) => each.durationMs ?? 0));
  return (
    <ul className={classes.line} style={{ height }} aria-label="The last results, the oldest first">
      {results.map((each) => {
        const says = `${LOOKS[each.status].label}, ${duration(each.durationMs)}, ${absolute(each.endedAt)}`;
        return (
          <li key={`${each.runId}${each.endedAt}`}>
            <Tooltip label={says} openDelay={200}>
              <UnstyledButton component={Link} to={`/runs/${each.runId}`} aria-label={says} className={classes.place}>
                <span
                  className={classes.bar}
                  style={{
                    height: `${Math.max(12, (100 * (each.durationMs ?? 0)) / longest)}%`,
                    background: statusColor(each.status),
                  }}
                />
              </UnstyledButton>
            </Tooltip>
          </li>
        );
      })}
    </ul>
  );
}
