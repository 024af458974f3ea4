/** Which test ran when, and what ran beside it. */
import { Box, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconTimeline } from "@tabler/icons-react";
import type { RunTest } from "../api/types";
import { duration } from "../parts/format";
import { useNow } from "../parts/now";
import { Empty } from "../parts/page";
import { isOver, LOOKS, statusColor } from "../parts/status";
import { type Placed, placed, ticks } from "./lanes";
import classes from "./timeline.module.css";

const LANE = 26;
const AXIS = 24;
const LETTER = 6.6;

export function Timeline({
  tests,
  from,
  over,
  select,
}: {
  tests: readonly RunTest[];
  /** When the run was made, in milliseconds since the epoch. */
  from: number;
  over: boolean;
  select: (id: string) => void;
}) {
  const now = useNow(over ? 60_000 : 250);
  const { ref, width } = useElementSize();
  const began = tests.filter((test) => test.startedAt);
  const byId = new Map(began.map((test) => [test.id, test]));
  const bars = placed(
    began.map((test) => {
      const start = new Date(test.startedAt ?? 0).getTime();
      const end = test.endedAt ? new Date(test.endedAt).getTime() : Math.max(now, start);
      return { id: test.id, from: start, to: Math.max(start + 1, end) };
    }),
  );
  if (bars.length === 0) {
    return <Empty icon={IconTimeline} title={over ? "No test began" : "No test has begun yet"} />;
  }
  const until = bars.reduce((latest, bar) => Math.max(latest, bar.to), from + 1_000);
  const lanes = bars.reduce((most, bar) => Math.max(most, bar.lane + 1), 0);
  const scale = (at: number) => ((at - from) / (until - from)) * width;
  const height = AXIS + lanes * LANE;
  return (
    <Box>
      <Text size="sm" c="dimmed" mb="xs">
        {lanes === 1 ? "One test at a time" : `Up to ${lanes} tests at a time`}, {duration(until - from)} in all. A bar
        is the time on a worker, the gap before the first is the wait for one.
      </Text>
      <div ref={ref} className={classes.frame}>
        {width > 0 ? (
          // biome-ignore lint/a11y/useSemanticElements: SVG has no field sets
          <svg width={width} height={height} role="group" aria-label="Tests over time">
            {ticks(until - from, width / 90).map((tick) => (
              <g key={tick} aria-hidden>
                <line
                  x1={scale(from + tick)}
                  x2={scale(from + tick)}
                  y1={AXIS - 6}
                  y2={height}
                  className={classes.mark}
                />
                <text x={scale(from + tick) + 3} y={AXIS - 9} className={classes.label}>
                  {duration(tick)}
                </text>
              </g>
            ))}
            {bars.map((bar) => (
              <Bar
                key={bar.id}
                bar={bar}
                test={byId.get(bar.id)}
                x={scale(bar.from)}
                end={scale(bar.to)}
                select={select}
              />
            ))}
          </svg>
        ) : (
          <div style={{ height }} />
        )}
      </div>
    </Box>
  );
}

function Bar({
  bar,
  test,
  x,
  end,
  select,
}: {
  bar: Placed;
  test: RunTest | undefined;
  x: number;
  end: number;
  select: (id: string) => void;
}) {
  if (!test) {
    return null;
  }
  const width = Math.max(3, end - x - 1);
  const room = Math.floor((width - 10) / LETTER);
  const took = isOver(test.status) ? `${duration(test.durationMs)}, ` : "";
  const says = `${test.title}: ${LOOKS[test.status].label}, ${took}${duration(bar.to - bar.from)} on its worker`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no buttons
    <g
      role="button"
      tabIndex={-1} // the list of tests has the same for the keyboard
      aria-label={says}
      className={classes.bar}
      onClick={() => select(bar.id)}
      onKeyDown={(event) => (event.key === "Enter" ? select(bar.id) : undefined)}
    >
      <title>{says}</title>
      <rect
        x={x}
        y={AXIS + bar.lane * LANE + 2}
        width={width}
        height={LANE - 4}
        rx={4}
        fill={`color-mix(in srgb, ${statusColor(test.status)} 22%, var(--mantine-color-body))`}
        stroke={statusColor(test.status)}
      />
      {room > 3 ? (
        <text x={x + 6} y={AXIS + bar.lane * LANE + LANE / 2 + 4} className={classes.title}>
          {test.title.length > room ? `${test.title.slice(0, room - 1)}…` : test.title}
        </text>
      ) : null}
    </g>
  );
}
