/** The run's report, in place. */
import { Anchor, Group, Loader, Stack, Text } from "@mantine/core";
import { IconFileOff, IconReportAnalytics } from "@tabler/icons-react";
import type { Run } from "../api/types";
import { REPORT_MAY } from "../parts/frame";
import { Empty } from "../parts/page";
import { isOver } from "../parts/status";
import { Why } from "./details";

export function Report({ run, path, coming }: { run: Run; path: string | undefined; coming: boolean }) {
  if (path) {
    return (
      <Stack gap="xs">
        <Group justify="flex-end">
          <Anchor href={path} target="_blank" size="sm">
            Open in a new tab
          </Anchor>
        </Group>
        <iframe
          title="Report"
          src={path}
          sandbox={REPORT_MAY}
          style={{
            width: "100%",
            height: "clamp(28rem, calc(100dvh - 18rem), 80rem)",
            border: "1px solid var(--mantine-color-default-border)",
            borderRadius: "var(--mantine-radius-md)",
          }}
        />
      </Stack>
    );
  }
  if (!isOver(run.status) || coming) {
    return (
      <Empty
        icon={IconReportAnalytics}
        title={isOver(run.status) ? "Almost there" : "The report comes when the run ends"}
      >
        <Group gap="xs" justify="center">
          {isOver(run.status) ? <Loader size="xs" role="status" aria-label="Making the report" /> : null}
          <Text size="sm">
            {isOver(run.status) ? "The report is being made." : "Until then, the tests show what they are doing."}
          </Text>
        </Group>
      </Empty>
    );
  }
  return (
    <Empty icon={IconFileOff} title="This run has no report">
      <Why message={run.message ?? "It ended before there was anything to report."} advice={run.advice} />
    </Empty>
  );
}
