/** What can be taken away from a run: its results for other programs, the traces of its tests. */
import { Anchor, Button, Group, Menu, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { ProblemError } from "../api/problem";
import type { Run, RunTest } from "../api/types";
import { type Attachment, tracesOf } from "./results";

/** The run's results as Playwright's JSON reporter writes them. */
const resultsQuery = (path: string) =>
  queryOptions({
    queryKey: ["results", path],
    queryFn: async ({ signal }): Promise<unknown> => {
      const answer = await fetch(path, { signal });
      if (!answer.ok) {
        throw new ProblemError(answer.status, await answer.json().catch(() => undefined));
      }
      return answer.json();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export function Downloads({ run }: { run: Run }) {
  const { junit, results, report, console: printed } = run.links;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {junit ? (
          <Menu.Item component="a" href={junit} download={`${run.id}.xml`}>
            JUnit XML
          </Menu.Item>
        ) : null}
        {results ? (
          <Menu.Item component="a" href={results} download={`${run.id}.json`}>
            Playwright’s JSON
          </Menu.Item>
        ) : null}
        <Menu.Item component="a" href={printed} download={`${run.id}.txt`}>
          Console
        </Menu.Item>
        {report ? null : (
          <Text size="xs" c="dimmed" px="sm" py={4} maw={220}>
            JUnit and JSON come with the report, once the run has ended.
          </Text>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Links to the traces that a test left: to look at here, or to take away. */
export function Traces({ run, test }: { run: Run; test: RunTest }) {
  const { data } = useQuery({ ...resultsQuery(run.links.results ?? ""), enabled: Boolean(run.links.results) });
  const traces = data === undefined ? [] : tracesOf(data, run, test);
  if (traces.length === 0) {
    return null;
  }
  return (
    <Group gap="sm">
      {traces.map((trace) => (
        <TraceLinks key={trace.path} run={run} trace={trace} of={traces.length > 1 ? ` ${trace.label}` : ""} />
      ))}
    </Group>
  );
}

function TraceLinks({ run, trace, of }: { run: Run; trace: Attachment; of: string }) {
  const file = `${run.links.report ?? ""}${trace.path}`;
  // Relative: both are shown elsewhere, below a ticket that only the redirect knows.
  const viewer = `${run.links.report ?? ""}trace/index.html?trace=${encodeURIComponent(`../${trace.path}`)}`;
  return (
    <Group gap={6}>
      <Anchor href={viewer} target="_blank" size="sm">
        Open the trace{of}
      </Anchor>
      <Anchor href={file} download size="sm" aria-label={`Download the trace${of}`}>
        <IconDownload size={15} style={{ verticalAlign: "text-bottom" }} aria-hidden />
      </Anchor>
    </Group>
  );
}
