/** A run as it happens, and its verdict and report when it is over. */
import { Badge, Box, Button, Group, Paper, Stack, Tabs, Text } from "@mantine/core";
import { IconArrowsDiagonal, IconArrowsDiagonalMinimize2, IconPlayerStop } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { runQuery } from "../api/queries";
import { useFeed } from "../live/feed";
import { cancel, complain } from "../live/start";
import { ConsoleView } from "../parts/console";
import { count, duration } from "../parts/format";
import { useMay } from "../parts/may";
import { isOver, StatusBadge } from "../parts/status";
import { useLine, waits } from "../parts/waits";
import { Elapsed } from "./elapsed";
import { CaseView } from "./live-case";
import classes from "./playground.module.css";
import { ReportView } from "./report";
import { Verdict } from "./verdict";
import type { Watched } from "./watched";

export function LivePanel({
  watched,
  wide,
  setWide,
  onSave,
}: {
  watched: Watched;
  wide: boolean;
  setWide: (wide: boolean) => void;
  onSave: () => void;
}) {
  const feed = useFeed(watched.id, watched.events);
  const live = feed?.run;
  const lost = feed?.connection === "lost";
  const told = live?.status ?? "queued";
  // The API knows more of an ended run than its events: advice, and the report's address for as long as there is one.
  const { data: run, refetch } = useQuery({
    ...runQuery(watched.id),
    refetchInterval: ({ state }) => (isOver(told) && !state.data?.links.report && !live?.over ? 2_000 : false),
  });
  const status = isOver(told) ? told : (run?.status ?? told);
  const over = isOver(status);
  useLine(watched.id, status === "queued");
  const edits = useMay("editor");
  useEffect(() => {
    if (over || lost) {
      void refetch();
    }
  }, [over, lost, refetch]);

  const reportUrl = live?.reportUrl ?? run?.links.report ?? undefined;
  const tab = useTab(reportUrl);
  const stop = useMutation({ mutationFn: () => cancel(watched.id), onError: complain });
  const cases = [...(live?.tests.values() ?? [])].flatMap((test) => [...test.cases.values()]);
  const startedAt = live?.startedAt ?? (run?.startedAt ? Date.parse(run.startedAt) : undefined);
  const ms = live?.durationMs ?? run?.durationMs;
  const stopping = !over && (stop.isPending || stop.isSuccess || Boolean(run?.cancelRequestedAt));

  return (
    <Paper withBorder className={classes.panel} component="section" aria-label="The run">
      <Group justify="space-between" gap="xs" px="sm" py={8} wrap="nowrap">
        <Group gap="xs" style={{ minWidth: 0 }} aria-live="polite">
          <StatusBadge status={status} />
          <Text size="sm" className={classes.time} component="span" aria-live="off">
            {over ? duration(ms) : startedAt ? <Elapsed since={startedAt} /> : waits(run)}
          </Text>
          {feed?.connection === "reconnecting" && !over ? (
            <Badge color="yellow" variant="light" tt="none">
              reconnecting…
            </Badge>
          ) : null}
        </Group>
        <Group gap={6} wrap="nowrap">
          {over || !edits ? null : (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlayerStop size={14} aria-hidden />}
              loading={stop.isPending}
              disabled={stopping}
              onClick={() => stop.mutate()}
            >
              {stopping ? "Cancelling…" : "Cancel"}
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            visibleFrom="md"
            aria-pressed={wide}
            leftSection={
              wide ? (
                <IconArrowsDiagonalMinimize2 size={14} aria-hidden />
              ) : (
                <IconArrowsDiagonal size={14} aria-hidden />
              )
            }
            onClick={() => setWide(!wide)}
          >
            {wide ? "Beside the script" : "Widen"}
          </Button>
        </Group>
      </Group>
      {over ? <Verdict id={watched.id} status={status} run={run} live={live} onSave={onSave} /> : null}
      <Tabs value={tab.value} onChange={tab.set} keepMounted={false} className={classes.tabs}>
        <Tabs.List px="xs">
          <Tabs.Tab value="steps">Steps</Tabs.Tab>
          <Tabs.Tab
            value="console"
            rightSection={
              live?.lines.length ? (
                <Text span size="xs" c="dimmed">
                  {(live.lines.length + live.dropped).toLocaleString("en")}
                </Text>
              ) : null
            }
          >
            Console
          </Tabs.Tab>
          <Tabs.Tab value="report" disabled={!reportUrl}>
            Report
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="steps" className={classes.body}>
          <Box className={classes.scroller}>
            {cases.length ? (
              <ol className={classes.cases} aria-label="Tests of the script">
                {cases.map((each) => (
                  <CaseView key={each.id} found={each} over={over} />
                ))}
              </ol>
            ) : (
              <Text size="sm" c="dimmed" p="md" component="div">
                {lost ? (
                  <>
                    Its events are gone. <Link to={`/runs/${watched.id}`}>Its own page</Link> has what is kept.
                  </>
                ) : over ? (
                  "No test began."
                ) : status === "queued" ? (
                  "Queued: it begins when its turn comes and a worker is free."
                ) : (
                  "Running: the browser is getting ready."
                )}
              </Text>
            )}
          </Box>
        </Tabs.Panel>
        <Tabs.Panel value="console" className={classes.body} p="xs">
          <Stack gap={4} h="100%">
            {live?.dropped ? (
              <Text size="xs" c="dimmed">
                The first {count(live.dropped, "line")} are on <Link to={`/runs/${watched.id}`}>the run's page</Link>.
              </Text>
            ) : null}
            <Box style={{ flex: 1, minHeight: 0 }}>
              <ConsoleView
                lines={live?.lines ?? []}
                height="100%"
                empty={over ? "Nothing was printed." : "What the script prints shows here."}
              />
            </Box>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="report" className={classes.body}>
          {reportUrl ? <ReportView url={reportUrl} /> : null}
        </Tabs.Panel>
      </Tabs>
    </Paper>
  );
}

/** The chosen tab; the report opens by itself when it comes, unless one reads the console then. */
function useTab(reportUrl: string | undefined) {
  const [value, set] = useState<string | null>("steps");
  useEffect(() => {
    if (reportUrl) {
      set((before) => (before === "console" ? before : "report"));
    }
  }, [reportUrl]);
  return { value, set };
}
