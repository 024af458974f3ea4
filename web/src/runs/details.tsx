/** One test of a run: how it ended and why, what it does or did, what it printed. */
import { Alert, Anchor, Badge, Box, Code, Divider, Group, Stack, Text } from "@mantine/core";
import { IconBulb } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Case, Run, RunTest } from "../api/types";
import type { LiveCase, LiveRun, LiveTest } from "../live/state";
import { count, duration } from "../parts/format";
import { isOver, StatusBadge, StatusIcon } from "../parts/status";
import { TestConsole } from "./console";
import classes from "./details.module.css";
import { Traces } from "./downloads";
import { Took } from "./tests";

export function Details({ run, test, live }: { run: Run; test: RunTest; live: LiveRun | undefined }) {
  const told = live?.tests.get(test.id);
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <StatusBadge status={test.status} />
        <Text size="sm" c="dimmed">
          <Took test={test} />
        </Text>
        {test.attempts > 1 ? (
          <Badge variant="default" style={{ textTransform: "none" }}>
            worker {test.attempts} of 3
          </Badge>
        ) : null}
        {test.savedTestId ? (
          <Anchor component={Link} to={`/tests/${test.savedTestId}`} size="sm">
            {test.testVersion ? `Saved test, version ${test.testVersion}` : "Saved test"}
          </Anchor>
        ) : null}
      </Group>
      <Why message={test.message} advice={test.advice} />
      <Cases cases={test.cases} told={told} over={isOver(test.status)} />
      {isOver(test.status) && run.links.results ? <Traces run={run} test={test} /> : null}
      <Divider label="Console" labelPosition="left" />
      <TestConsole run={run} test={test} live={live} />
    </Stack>
  );
}

/** Why it did not simply pass, and what to do about it. */
export function Why({ message, advice }: { message?: string | null | undefined; advice?: string | null | undefined }) {
  return (
    <>
      {message ? (
        <Code block className={classes.message} tabIndex={0} aria-label="Message">
          {message}
        </Code>
      ) : null}
      {advice && !message?.startsWith(advice) ? (
        <Alert variant="light" icon={<IconBulb />} p="xs">
          {advice}
        </Alert>
      ) : null}
    </>
  );
}

/** The `test(...)`s of the script: as events tell them while they run, as the API has them afterwards. */
function Cases({ cases, told, over }: { cases: readonly Case[]; told: LiveTest | undefined; over: boolean }) {
  if (told && told.cases.size > 0) {
    return [...told.cases.values()].map((each) => <Told key={each.id} each={each} over={over} />);
  }
  return cases.map((each, index) => (
    <Line
      // biome-ignore lint/suspicious/noArrayIndexKey: a script may have two of one title, and they never move
      key={index}
      icon={<StatusIcon status={each.status} />}
      title={each.title}
      attempts={each.attempts}
      time={duration(each.durationMs)}
      message={each.message}
    />
  ));
}

function Told({ each, over }: { each: LiveCase; over: boolean }) {
  const steps = [...each.steps.values()];
  return (
    <Box>
      <Line
        icon={<StatusIcon status={over && each.status === "running" ? "cancelled" : each.status} />}
        title={each.title}
        attempts={each.attempt}
        time={duration(each.durationMs)}
        message={each.message}
      />
      <ul className={classes.steps} aria-label={`Steps of ${each.title}`}>
        {steps.map((step) => (
          <li key={step.id}>
            <StatusIcon status={over && step.status === "running" ? "cancelled" : step.status} size={14} />
            <span className={classes.step}>{step.title}</span>
            <span className={classes.time}>{duration(step.durationMs)}</span>
          </li>
        ))}
      </ul>
    </Box>
  );
}

function Line({
  icon,
  title,
  attempts,
  time,
  message,
}: {
  icon: ReactNode;
  title: string;
  attempts: number;
  time: string;
  message?: string | null | undefined;
}) {
  return (
    <Box>
      <Group gap={8} wrap="nowrap" align="flex-start">
        <Box pt={3}>{icon}</Box>
        <Text size="sm" fw={500} style={{ flex: 1, overflowWrap: "anywhere" }}>
          {title}
        </Text>
        {attempts > 1 ? (
          <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {count(attempts, "attempt")}
          </Text>
        ) : null}
        <Text size="sm" className={classes.time}>
          {time}
        </Text>
      </Group>
      {message ? (
        <Code block className={classes.message} mt={4} tabIndex={0} aria-label={`Message of ${title}`}>
          {message}
        </Code>
      ) : null}
    </Box>
  );
}
