/** One `test(...)` of a script and its steps, as they happen. */
import { Box, Group, Text } from "@mantine/core";
import type { LiveCase, LiveStep } from "../live/state";
import { plain } from "../parts/ansi";
import { duration } from "../parts/format";
import { StatusIcon } from "../parts/status";
import { Elapsed } from "./elapsed";
import classes from "./playground.module.css";

/** So many of a test's steps are shown, the last ones; the report has all. */
const MOST_STEPS = 100;

export function CaseView({ found, over }: { found: LiveCase; over: boolean }) {
  const steps = [...found.steps.values()];
  const hidden = Math.max(0, steps.length - MOST_STEPS);
  return (
    <Box component="li" className={classes.case}>
      <Row
        status={found.status}
        title={found.title}
        strong
        note={found.attempt > 1 ? `attempt ${found.attempt}` : ""}
        since={found.startedAt}
        ms={found.durationMs}
        over={over}
      />
      {found.message ? <Message text={found.message} /> : null}
      {steps.length ? (
        <ol className={classes.steps} aria-label={`Steps of ${found.title}`}>
          {hidden ? (
            <Text component="li" size="xs" c="dimmed">
              {hidden} earlier steps are in the report
            </Text>
          ) : null}
          {steps.slice(hidden).map((step) => (
            <Step key={step.id} step={step} over={over} />
          ))}
        </ol>
      ) : null}
    </Box>
  );
}

function Step({ step, over }: { step: LiveStep; over: boolean }) {
  return (
    <li>
      <Row status={step.status} title={step.title} since={step.startedAt} ms={step.durationMs} over={over} />
    </li>
  );
}

function Row({
  status,
  title,
  since,
  ms,
  over,
  note = "",
  strong = false,
}: {
  status: LiveCase["status"];
  title: string;
  since: number;
  ms: number | undefined;
  /** The run has ended: what still seems to go on was cut off. */
  over: boolean;
  note?: string;
  strong?: boolean;
}) {
  const cut = over && status === "running";
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" className={classes.row}>
      <Box pt={strong ? 2 : 1} style={{ lineHeight: 0 }}>
        <StatusIcon status={cut ? "cancelled" : status} size={strong ? 17 : 14} />
      </Box>
      <Text
        size={strong ? "sm" : "xs"}
        fw={strong ? 600 : 400}
        style={{ flex: 1, minWidth: 0, overflowWrap: "anywhere" }}
      >
        {plain(title)}
        {note ? (
          <Text span size="xs" c="dimmed">
            {" "}
            {note}
          </Text>
        ) : null}
      </Text>
      <Text size="xs" c="dimmed" className={classes.time}>
        {ms !== undefined ? duration(ms) : cut ? "cut off" : status === "running" ? <Elapsed since={since} /> : ""}
      </Text>
    </Group>
  );
}

export function Message({ text, short = false }: { text: string; short?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long message is scrolled with the keys
    <pre className={classes.message} data-short={short || undefined} tabIndex={0}>
      {plain(text)}
    </pre>
  );
}
