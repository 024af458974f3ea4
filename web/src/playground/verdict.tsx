/** How a run ended, why, what one can do about it, and where to go on. */
import { Box, Button, Group, Text } from "@mantine/core";
import { IconDeviceFloppy, IconExternalLink, IconFileText } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Run, RunStatus } from "../api/types";
import type { LiveRun } from "../live/state";
import { useMay } from "../parts/may";
import { Message } from "./live-case";

export function Verdict({
  id,
  status,
  run,
  live,
  onSave,
}: {
  id: string;
  status: RunStatus;
  run: Run | undefined;
  live: LiveRun | undefined;
  onSave: () => void;
}) {
  const edits = useMay("editor");
  const report = live?.reportUrl ?? run?.links.report;
  const test = run?.tests[0];
  const message = run?.message ?? test?.message ?? live?.message;
  const advice = run?.advice ?? test?.advice;
  const reason = run?.reason ?? test?.reason;
  const said = [
    reason ? `Reason: ${reason.replaceAll("_", " ")}.` : "",
    report || status === "cancelled" ? "" : "The report is being made…",
  ]
    .filter(Boolean)
    .join(" ");
  return (
    <Box px="sm" pb={8}>
      {said ? <Text size="sm">{said}</Text> : null}
      {message && status !== "passed" ? <Message text={message} short /> : null}
      {advice ? (
        <Text size="sm" mt={4}>
          {advice}
        </Text>
      ) : null}
      <Group gap={6} mt={8}>
        {report ? (
          <Button
            size="compact-sm"
            variant="default"
            component="a"
            href={report}
            target="_blank"
            rel="noopener"
            leftSection={<IconExternalLink size={14} aria-hidden />}
          >
            Open in a new tab
          </Button>
        ) : null}
        <Button
          size="compact-sm"
          variant="default"
          component={Link}
          to={`/runs/${id}`}
          leftSection={<IconFileText size={14} aria-hidden />}
        >
          Run page
        </Button>
        {edits ? (
          <Button
            size="compact-sm"
            variant="light"
            onClick={onSave}
            leftSection={<IconDeviceFloppy size={14} aria-hidden />}
          >
            Save as test
          </Button>
        ) : null}
      </Group>
    </Box>
  );
}
