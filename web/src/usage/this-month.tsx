/** For how long tests have run this month: a line, with a bar where there is a limit. */
import { Anchor, Group, Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Usage } from "../api/types";
import { again } from "../parts/format";
import { statusColor } from "../parts/status";
import { minutes, nextMonth, standing } from "./month";
import { usageQuery } from "./queries";

export function ThisMonth() {
  const { data } = useQuery({ ...usageQuery, refetchInterval: 60_000 });
  // As high before it is known as afterwards: nothing below moves.
  return (
    <Group gap={8} mih={20} component="span">
      {data ? <Told usage={data} /> : null}
    </Group>
  );
}

function Told({ usage }: { usage: Usage }) {
  const { runMinutes, limits } = usage;
  const most = limits.runMinutesPerMonth;
  const how = standing(runMinutes, most);
  const tone = statusColor(how === "full" ? "failed" : how === "near" ? "flaky" : "running");
  if (typeof most !== "number") {
    return (
      <span>
        Tests ran for{" "}
        <Anchor component={Link} to="/usage" inherit>
          {minutes(runMinutes)} min
        </Anchor>{" "}
        this month.
      </span>
    );
  }
  return (
    <>
      <span>
        <Anchor component={Link} to="/usage" inherit>
          {minutes(runMinutes)} of {most.toLocaleString("en")} min
        </Anchor>{" "}
        this month
      </span>
      <Progress
        component="span"
        w={90}
        value={most > 0 ? Math.min(100, (100 * runMinutes) / most) : 100}
        color={tone}
        aria-label="Minutes of this month that are used"
      />
      {how === "full" ? (
        <Text span inherit c={tone} fw={600}>
          used up: no run begins until the next month does, {again(nextMonth(usage), Date.now())}
        </Text>
      ) : null}
    </>
  );
}
