/**
 * The dashboard's two plots. Drawn here and not by a library: the smallest that stacks bars would be more than half of what
 * the whole application loads (124 KB of 190, compressed), for two pictures of 90 days at most.
 */
import { Group, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import type { Statistics, TestStatus } from "../api/types";
import { duration } from "../parts/format";
import { LOOKS, statusColor } from "../parts/status";
import classes from "./plots.module.css";
import { DURATIONS, marks, pieces } from "./scale";

type Days = Statistics["series"];
type Day = Days[number];

export const PLOT_HEIGHT = 236;
const PICTURE = 200;
const LEFT = 52;
const RIGHT = 18;
const BOTTOM = 22;
const TOP = 8;

const OUTCOMES: readonly (readonly ["passed" | "flaky" | "failed" | "timedOut" | "error", TestStatus])[] = [
  ["passed", "passed"],
  ["flaky", "flaky"],
  ["failed", "failed"],
  ["timedOut", "timed_out"],
  ["error", "error"],
];
const LINES = [
  ["p50Ms", "Median", statusColor("running")],
  ["p95Ms", "95 of 100 take at most", statusColor("timed_out")],
] as const;
const NAMED = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

function named(day: Day): string {
  return NAMED.format(new Date(`${day.date}T00:00:00Z`));
}

export function Outcomes({ days }: { days: Days }) {
  const shown = OUTCOMES.filter(([name]) => days.some((day) => day.tests[name]));
  const sum = (day: Day) => OUTCOMES.reduce((all, [name]) => all + (day.tests[name] ?? 0), 0);
  return (
    <Plot
      name="Outcomes of tests by day"
      days={days}
      marks={marks(Math.max(4, ...days.map(sum)))}
      unit={(value) => value.toLocaleString("en")}
      legend={shown.map(([, status]) => [LOOKS[status].label, statusColor(status)])}
      says={(day) =>
        sum(day)
          ? shown
              .filter(([name]) => day.tests[name])
              .map(([name, status]) => `${day.tests[name]} ${LOOKS[status].label.toLowerCase()}`)
              .join(", ")
          : "nothing ran"
      }
    >
      {(x, y, width) =>
        days.map((day, index) => {
          let below = 0;
          return shown.map(([name, status]) => {
            const from = below;
            below += day.tests[name] ?? 0;
            return below > from ? (
              <rect
                key={`${day.date}${name}`}
                x={x(index) + width * 0.12}
                width={width * 0.76}
                y={y(below)}
                height={y(from) - y(below)}
                fill={statusColor(status)}
              />
            ) : null;
          });
        })
      }
    </Plot>
  );
}

export function Durations({ days }: { days: Days }) {
  const most = Math.max(0, ...days.map((day) => day.tests.p95Ms ?? 0));
  return (
    <Plot
      name="How long a test takes, by day"
      days={days}
      marks={marks(most || 1_000, DURATIONS)}
      unit={duration}
      legend={LINES.map(([, label, color]) => [label, color])}
      says={(day) =>
        day.tests.total
          ? `median ${duration(day.tests.p50Ms)}, 95 of 100 at most ${duration(day.tests.p95Ms)}`
          : "nothing ran"
      }
    >
      {(x, y, width) =>
        LINES.map(([name, , color]) =>
          pieces(days.map((day) => day.tests[name])).map((piece) => {
            const points = piece.map((index) => [x(index) + width / 2, y(days[index]?.tests[name] ?? 0)] as const);
            return (
              <g key={`${name}${piece[0]}`} stroke={color} fill={color}>
                <polyline points={points.map((point) => point.join()).join(" ")} fill="none" strokeWidth={2} />
                {points.map(([left, top]) => (
                  <circle key={left} cx={left} cy={top} r={2.5} />
                ))}
              </g>
            );
          }),
        )
      }
    </Plot>
  );
}

function Plot({
  name,
  days,
  marks: rows,
  unit,
  legend,
  says,
  children,
}: {
  name: string;
  days: Days;
  marks: readonly number[];
  unit: (value: number) => string;
  legend: readonly (readonly [string, string])[];
  says: (day: Day) => string;
  children: (x: (day: number) => number, y: (value: number) => number, width: number) => ReactNode;
}) {
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number>();
  const each = (width - LEFT - RIGHT) / days.length;
  const top = rows.at(-1) ?? 1;
  const x = (day: number) => LEFT + day * each;
  const y = (value: number) => TOP + (1 - value / top) * (PICTURE - TOP - BOTTOM);
  const every = Math.max(1, Math.ceil(days.length / Math.max(1, (width - LEFT) / 60)));
  const told = at === undefined ? undefined : days[at];
  return (
    <figure className={classes.figure} style={{ height: PLOT_HEIGHT }}>
      <div ref={ref} style={{ height: PICTURE }}>
        {width > 0 ? (
          <svg
            width={width}
            height={PICTURE}
            role="img"
            aria-label={`${name}: ${days
              .filter((day) => day.tests.total)
              .map((day) => `${named(day)} ${says(day)}`)
              .join("; ")}`}
            onPointerMove={(event) => {
              const day = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / each);
              setAt(day >= 0 && day < days.length ? day : undefined);
            }}
            onPointerLeave={() => setAt(undefined)}
          >
            {rows.map((mark) => (
              <g key={mark}>
                <line x1={LEFT} x2={width - RIGHT} y1={y(mark)} y2={y(mark)} className={classes.mark} />
                <text x={LEFT - 6} y={y(mark) + 4} textAnchor="end" className={classes.label}>
                  {unit(mark)}
                </text>
              </g>
            ))}
            {at === undefined ? null : (
              <rect x={x(at)} y={TOP} width={each} height={PICTURE - TOP - BOTTOM} className={classes.at} />
            )}
            {children(x, y, each)}
            {days.map((day, index) =>
              (days.length - 1 - index) % every === 0 ? (
                <text
                  key={day.date}
                  x={x(index) + each / 2}
                  y={PICTURE - 6}
                  textAnchor="middle"
                  className={classes.label}
                >
                  {named(day)}
                </text>
              ) : null,
            )}
          </svg>
        ) : null}
      </div>
      <figcaption className={classes.caption}>
        {told ? (
          <Text size="xs">
            <b>{named(told)}</b>: {says(told)}
          </Text>
        ) : (
          <Group gap="sm" justify="center" component="span">
            {legend.map(([label, color]) => (
              <Text key={label} size="xs" component="span">
                <span className={classes.swatch} style={{ background: color }} /> {label}
              </Text>
            ))}
          </Group>
        )}
      </figcaption>
    </figure>
  );
}
