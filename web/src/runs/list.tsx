/** The history of runs, the newest first; it keeps itself up to date. */
import { Anchor, Button, Center, Group, Table, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { api, body } from "../api/client";
import type { RunSummary } from "../api/types";
import { CountsBar, CountsText } from "../parts/counts";
import { duration } from "../parts/format";
import { useMay } from "../parts/may";
import { Empty, Failure, Page, Waiting } from "../parts/page";
import { isOver, StatusBadge, StatusIcon } from "../parts/status";
import { When } from "../parts/when";
import { Filters, type Wanted, wantedOf } from "./filters";
import { Ticking } from "./tests";
import { TRIGGERS } from "./trigger";

const listQuery = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", wanted],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/runs", {
          params: { query: { ...wanted, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((run) => !isOver(run.status))) ? 3_000 : false,
    placeholderData: (before) => before,
  });

export function RunList() {
  const [search] = useSearchParams();
  const wanted = wantedOf(search);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(listQuery(wanted));
  const runs = data?.pages.flatMap((page) => page.items);
  return (
    <Page title="Runs" about="Every run, whatever started it. What is under way goes on by itself here.">
      <Filters />
      {error && !runs ? <Failure error={error} retry={() => void refetch()} /> : null}
      {!runs && !error ? <Waiting rows={10} /> : null}
      {runs?.length === 0 ? <None filtered={search.size > 0} /> : null}
      {runs?.length ? (
        <Table highlightOnHover verticalSpacing="xs" layout="fixed" aria-label="Runs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={{ base: 44, sm: 125 }}>
                <Text component="span" inherit visibleFrom="sm">
                  Status
                </Text>
              </Table.Th>
              <Table.Th>Run</Table.Th>
              <Table.Th w={260} visibleFrom="md">
                Tests
              </Table.Th>
              <Table.Th w={120} visibleFrom="lg">
                Started
              </Table.Th>
              <Table.Th w={110} visibleFrom="xs" ta="right">
                Duration
              </Table.Th>
              <Table.Th w={110} ta="right">
                When
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((run) => (
              <Row key={run.id} run={run} />
            ))}
          </Table.Tbody>
        </Table>
      ) : null}
      {hasNextPage ? (
        <Center>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older runs
          </Button>
        </Center>
      ) : null}
    </Page>
  );
}

function Row({ run }: { run: RunSummary }) {
  const { icon: Trigger, label } = TRIGGERS[run.trigger];
  const began = run.startedAt ?? run.createdAt;
  return (
    <Table.Tr>
      <Table.Td>
        <Group visibleFrom="sm">
          <StatusBadge status={run.status} />
        </Group>
        <Group hiddenFrom="sm">
          <StatusIcon status={run.status} size={20} />
        </Group>
      </Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/runs/${run.id}`} fw={500} c="inherit" display="block" truncate>
          {run.title}
        </Anchor>
        {run.message && run.status !== "passed" ? (
          <Text size="xs" c="dimmed" truncate>
            {run.message.split("\n")[0]}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td visibleFrom="md">
        {run.kind === "job" ? (
          <>
            <CountsBar counts={run.counts} size="sm" />
            <CountsText counts={run.counts} />
          </>
        ) : (
          <Text size="sm" c="dimmed">
            one script
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Group gap={6} wrap="nowrap">
          <Trigger size={16} aria-hidden />
          <Text size="sm">{label}</Text>
        </Group>
      </Table.Td>
      <Table.Td ta="right" visibleFrom="xs">
        {isOver(run.status) ? duration(run.durationMs) : <Ticking since={began} />}
      </Table.Td>
      <Table.Td ta="right">
        <When at={run.createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function None({ filtered }: { filtered: boolean }) {
  const edits = useMay("editor");
  if (filtered) {
    return (
      <Empty
        icon={IconHistory}
        title="No run is like this"
        action={
          <Button component={Link} to="/runs" variant="default">
            Show all runs
          </Button>
        }
      />
    );
  }
  return (
    <Empty
      icon={IconHistory}
      title="Nothing has run yet"
      action={
        edits ? (
          <Button component={Link} to="/playground">
            Open the playground
          </Button>
        ) : null
      }
    >
      {edits ? "Write a script in the playground and press Run, or group saved tests into a job. " : ""}
      Each run shows up here, with its report.
    </Empty>
  );
}
