/** What a run's tests printed: as it comes while they run, from where it is kept when they have ended. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body } from "../api/client";
import type { Run, RunTest } from "../api/types";
import type { LiveRun } from "../live/state";
import { ConsoleView } from "../parts/console";
import { Failure, Waiting } from "../parts/page";
import { isOver } from "../parts/status";

const consoleQuery = (id: string, test: string | undefined) =>
  queryOptions({
    queryKey: ["console", id, test ?? "all"],
    queryFn: async ({ signal }) => {
      const text = await body(
        api.GET("/api/runs/{run_id}/console", {
          params: { path: { run_id: id }, query: test === undefined ? {} : { test } },
          parseAs: "text",
          signal,
        }),
      );
      return text ?? ""; // of an answer without a body nothing is given
    },
    staleTime: Number.POSITIVE_INFINITY, // it has ended
  });

export function TestConsole({ run, test, live }: { run: Run; test: RunTest; live: LiveRun | undefined }) {
  return (
    <Printed
      run={run}
      test={test.id}
      over={isOver(test.status)}
      live={live}
      height={260}
      empty={isOver(test.status) ? "It printed nothing." : "Nothing yet."}
    />
  );
}

export function RunConsole({ run, live }: { run: Run; live: LiveRun | undefined }) {
  const single = run.tests.length === 1 ? run.tests[0]?.id : undefined;
  const path = single ? `${run.links.console}?test=${single}` : run.links.console;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {single ? "What the test printed." : "What all tests printed; one test's alone is in its details."}
        </Text>
        <Anchor href={path} target="_blank" size="sm">
          As plain text
        </Anchor>
      </Group>
      <Printed
        run={run}
        test={single}
        over={run.endedAt !== null && run.endedAt !== undefined}
        live={live}
        height="clamp(20rem, calc(100dvh - 24rem), 60rem)"
        empty={isOver(run.status) ? "Nothing was printed." : "Nothing yet."}
      />
    </Stack>
  );
}

function Printed({
  run,
  test,
  over,
  live,
  height,
  empty,
}: {
  run: Run;
  test: string | undefined;
  over: boolean;
  live: LiveRun | undefined;
  height: number | string;
  empty: string;
}) {
  const kept = useQuery({ ...consoleQuery(run.id, test), enabled: over });
  const count = live?.lines.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines are one growing list; their number tells that it grew
  const told = useMemo(
    () => (live?.lines ?? []).filter((line) => test === undefined || line.testId === test),
    [live, count, test],
  );
  const lines = useMemo(() => {
    const text = over ? kept.data : undefined;
    return text === undefined
      ? told
      : text
          .replace(/\n$/, "")
          .split("\n")
          .filter((_, index, all) => all.length > 1 || all[index] !== "")
          .map((each) => ({ stream: "stdout" as const, text: each }));
  }, [over, kept.data, told]);
  if (over && kept.isPending && told.length === 0) {
    return <Waiting rows={1} height={typeof height === "number" ? height : 320} />;
  }
  if (kept.error && told.length === 0) {
    return <Failure error={kept.error} retry={() => void kept.refetch()} />;
  }
  return <ConsoleView lines={lines} height={height} empty={empty} />;
}
