/** One run: how far it is, what each of its tests does or did, and its report. */
import { Alert, Anchor, Box, Card, Drawer, Group, Stack, Tabs, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useCallback } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ProblemError } from "../api/problem";
import type { Run, RunStatus } from "../api/types";
import type { Connection } from "../live/feed";
import { Count, CountsBar, CountsText, ended } from "../parts/counts";
import { duration } from "../parts/format";
import { Failure, Page, Waiting } from "../parts/page";
import { isBad, isOver, StatusBadge } from "../parts/status";
import { waits } from "../parts/waits";
import { When } from "../parts/when";
import { Actions } from "./actions";
import { RunConsole } from "./console";
import { Details, Why } from "./details";
import { useRun } from "./follow";
import { Grid } from "./grid";
import classes from "./page.module.css";
import { isKind, type Kind } from "./pick";
import { Report } from "./report";
import { Tests, Ticking } from "./tests";
import { Timeline } from "./timeline";
import { TRIGGERS } from "./trigger";

const VIEWS = ["tests", "timeline", "console", "report"] as const;
type View = (typeof VIEWS)[number];

export function RunPage() {
  const { id = "" } = useParams();
  return <OneRun key={id} id={id} />;
}

function OneRun({ id }: { id: string }) {
  const found = useRun(id);
  const { query, run, status, tests } = found;
  if (!run) {
    return (
      <Page title="Run">
        {query.error ? (
          <Failure
            error={
              query.error instanceof ProblemError && query.error.status === 404
                ? new ProblemError(404, { detail: "There is no such run. It may have been deleted, or be too old." })
                : query.error
            }
            retry={() => void query.refetch()}
          />
        ) : (
          <Waiting rows={8} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={run.title}
      heading={
        <Group gap="sm" wrap="wrap">
          <span>{run.title}</span>
          <StatusBadge status={status} size="lg" />
        </Group>
      }
      about={<About run={run} status={status} since={found.live?.startedAt} connection={found.feed?.connection} />}
      actions={<Actions run={run} status={status} bad={tests.filter((test) => test.status !== "passed").length} />}
    >
      <Stack gap="xs">
        <CountsBar counts={found.counts} size="md" />
        <Group justify="space-between">
          <CountsText counts={{ ...found.counts, total: run.counts.total ?? 0 }} all={run.kind === "job"} />
          {isOver(status) ? null : (
            <Text size="sm" c="dimmed" aria-live="polite">
              <Count value={ended(found.counts)} digits={String(run.counts.total ?? 0).length} /> of {run.counts.total}{" "}
              ended
            </Text>
          )}
        </Group>
      </Stack>
      {isOver(status) && run.kind === "job" && (run.message || run.advice) && status !== "failed" ? (
        <Why message={run.message} advice={run.advice} />
      ) : null}
      <Views found={found} run={run} />
    </Page>
  );
}

function About({
  run,
  status,
  since,
  connection,
}: {
  run: Run;
  status: RunStatus;
  since: number | undefined;
  connection: Connection | undefined;
}) {
  const began = run.startedAt ?? since;
  return (
    <Group gap="xs" component="span" wrap="wrap">
      <span>
        {TRIGGERS[run.trigger].says} <When at={run.createdAt} />
      </span>
      {run.jobId ? (
        <Anchor component={Link} to={`/jobs/${run.jobId}`} inherit>
          its job
        </Anchor>
      ) : null}
      {run.rerunOf ? (
        <Anchor component={Link} to={`/runs/${run.rerunOf}`} inherit>
          repeats an earlier run
        </Anchor>
      ) : null}
      <span>·</span>
      <span className={classes.took}>
        {isOver(status) ? duration(run.durationMs) : began ? <Ticking since={began} /> : waits(run)}
      </span>
      {connection === "reconnecting" ? (
        <Text component="span" inherit c="var(--status-timed_out)" role="status">
          <IconPlugConnectedX size={14} style={{ verticalAlign: "text-bottom" }} aria-hidden /> reconnecting…
        </Text>
      ) : null}
    </Group>
  );
}

function Views({ found, run }: { found: ReturnType<typeof useRun>; run: Run }) {
  const [search, setSearch] = useSearchParams();
  const { live, tests, status } = found;
  const single = run.kind === "test";
  const asked = search.get("view");
  const view: View = VIEWS.find((each) => each === asked) ?? (single && found.report ? "report" : "tests");
  const kind: Kind = isKind(search.get("only")) ? (search.get("only") as Kind) : "all";
  const change = useCallback(
    (changes: Record<string, string | undefined>) => {
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === undefined) {
              after.delete(name);
            } else {
              after.set(name, value);
            }
          }
          return after;
        },
        { replace: true },
      );
    },
    [setSearch],
  );
  const select = useCallback((id: string) => change({ view: "tests", test: id }), [change]);
  const wide = useMediaQuery("(min-width: 75em)", true, { getInitialValueInEffect: false });
  const wanted = tests.find((test) => test.id === search.get("test"));
  // Where there is room for it, what one came for is there without asking: the first test that failed.
  const first = single ? tests[0] : wide && isOver(status) ? tests.find((test) => isBad(test.status)) : undefined;
  const selected = wanted ?? first;
  return (
    <Tabs value={view} onChange={(value) => change({ view: value ?? undefined })} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="tests">{single ? "Steps" : "Tests"}</Tabs.Tab>
        {single ? null : <Tabs.Tab value="timeline">Timeline</Tabs.Tab>}
        <Tabs.Tab value="console">Console</Tabs.Tab>
        <Tabs.Tab value="report">Report</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="tests">
        {found.feed?.connection === "lost" && !run.endedAt ? (
          <Alert color="orange" mb="sm">
            The live events of this run cannot be had any more. Load the page again to see where it stands.
          </Alert>
        ) : null}
        {single && selected ? (
          <Details run={run} test={selected} live={live} />
        ) : (
          <Stack gap="sm">
            <Grid tests={tests} selected={selected?.id} select={select} />
            <Split
              wide={wide}
              list={
                <Tests
                  tests={tests}
                  live={live}
                  kind={kind}
                  setKind={(value) => change({ only: value === "all" ? undefined : value })}
                  selected={selected?.id}
                  select={select}
                />
              }
              title={selected?.title}
              close={() => change({ test: undefined })}
            >
              {selected ? <Details key={selected.id} run={run} test={selected} live={live} /> : null}
            </Split>
          </Stack>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="timeline">
        <Timeline tests={tests} from={new Date(run.createdAt).getTime()} over={isOver(status)} select={select} />
      </Tabs.Panel>
      <Tabs.Panel value="console">
        <RunConsole run={run} live={live} />
      </Tabs.Panel>
      <Tabs.Panel value="report">
        <Report run={run} path={found.report} coming={found.coming} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** The list, and beside it what was picked from it; on a narrow screen that comes over it. */
function Split({
  wide,
  list,
  title,
  close,
  children,
}: {
  wide: boolean;
  list: React.ReactNode;
  title: string | undefined;
  close: () => void;
  children: React.ReactNode;
}) {
  if (!wide) {
    return (
      <>
        {list}
        <Drawer
          opened={title !== undefined}
          onClose={close}
          title={title}
          position="bottom"
          size="85%"
          closeButtonProps={{ "aria-label": "Close" }}
        >
          {children}
        </Drawer>
      </>
    );
  }
  return (
    <div className={classes.split}>
      <Box style={{ minWidth: 0 }}>{list}</Box>
      <Card withBorder className={classes.details} component="section" aria-label="The test that is picked">
        {title === undefined ? (
          <Text c="dimmed" size="sm">
            Pick a test to see what it does, why it ended so, and what it printed.
          </Text>
        ) : (
          <Stack gap="sm">
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {title}
            </Text>
            {children}
          </Stack>
        )}
      </Card>
    </div>
  );
}
