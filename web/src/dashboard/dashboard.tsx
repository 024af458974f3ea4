/** How the tests are doing: what to worry about, what got better, what runs next. */
import { Anchor, Button, Card, Grid, Group, Select, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { api, body } from "../api/client";
import type { Statistics } from "../api/types";
import { count, duration, percent } from "../parts/format";
import { useMay } from "../parts/may";
import { Empty, Failure, Page } from "../parts/page";
import { ThisMonth } from "../usage/this-month";
import { Figures } from "./figures";
import { Next } from "./next";
import { Durations, Outcomes, PLOT_HEIGHT } from "./plots";
import { Recent } from "./recent";

const RANGES = ["7", "14", "30", "90"] as const;

const statisticsQuery = (days: number) =>
  queryOptions({
    queryKey: ["statistics", days],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/statistics", {
          params: { query: { days, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone } },
          signal,
        }),
      ),
    staleTime: 15_000,
    placeholderData: keepPreviousData,
  });

export function Dashboard() {
  const [search, setSearch] = useSearchParams();
  const days = RANGES.find((each) => each === search.get("days")) ?? "14";
  const { data, error, refetch } = useQuery(statisticsQuery(Number(days)));
  const edits = useMay("editor");
  return (
    <Page
      title="Dashboard"
      about={<ThisMonth />}
      actions={
        <>
          <Select
            aria-label="Period"
            w={150}
            allowDeselect={false}
            value={days}
            onChange={(value) => setSearch(value && value !== "14" ? { days: value } : {}, { replace: true })}
            data={RANGES.map((value) => ({ value, label: `Last ${value} days` }))}
          />
          {edits ? (
            <Button component={Link} to="/playground">
              New test
            </Button>
          ) : null}
        </>
      }
    >
      {error && !data ? <Failure error={error} retry={() => void refetch()} /> : null}
      {data && data.runs.total === 0 && data.previous.runs.total === 0 ? <First next={data} /> : <Board data={data} />}
    </Page>
  );
}

function Board({ data }: { data: Statistics | undefined }) {
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure
          name="Tests that passed"
          value={data && percent(data.tests.passRate)}
          trend={data && points(data.tests.passRate, data.previous.tests.passRate)}
        />
        <Figure
          name="Runs"
          value={data?.runs.total.toLocaleString("en")}
          trend={data && `${data.previous.runs.total.toLocaleString("en")} in the period before`}
        />
        <Figure
          name="A test takes (median)"
          value={data && duration(data.tests.p50Ms)}
          trend={data && `95 of 100: up to ${duration(data.tests.p95Ms)}`}
        />
        <Figure
          name="Flaky"
          value={data && (data.tests.flaky ?? 0).toLocaleString("en")}
          trend={data && `of ${count(data.tests.total, "test")} that ran`}
        />
      </SimpleGrid>
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Section title="Outcomes of tests by day">
            {data ? <Outcomes days={data.series} /> : <Skeleton height={PLOT_HEIGHT} />}
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Section title="How long a test takes">
            {data ? <Durations days={data.series} /> : <Skeleton height={PLOT_HEIGHT} />}
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6, lg: 4 }}>
          <Section title="Failing most">
            <Figures
              tests={data?.failing}
              empty="No saved test failed in this time."
              says={(test) => `${(test.failed ?? 0) + (test.error ?? 0) + (test.timedOut ?? 0)} of ${test.runs}`}
            />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6, lg: 4 }}>
          <Section title="Flakiest">
            <Figures
              tests={data?.flakiest}
              empty="No saved test needed a retry to pass."
              says={(test) => `${test.flaky} of ${test.runs}`}
            />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6, lg: 4 }}>
          <Section title="Slowest">
            <Figures
              tests={data?.slowest}
              empty="No saved test has run in this time."
              says={(test) => duration(test.p95Ms)}
            />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Section title="Next scheduled runs">
            <Next ticks={data?.next} />
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Section
            title="Latest runs"
            more={
              <Anchor component={Link} to="/runs" inherit>
                All runs
              </Anchor>
            }
          >
            <Recent />
          </Section>
        </Grid.Col>
      </Grid>
    </>
  );
}

function First({ next }: { next: Statistics }) {
  const edits = useMay("editor");
  return (
    <>
      <Empty
        icon={IconChartBar}
        title="Nothing has run in this time"
        action={
          <Group justify="center">
            {edits ? (
              <Button component={Link} to="/playground">
                Write a test
              </Button>
            ) : null}
            <Button component={Link} to="/jobs" variant="default">
              Jobs
            </Button>
          </Group>
        }
      >
        Pass rates, durations, and the flakiest and slowest tests stand here once something ran.
        {edits ? " The playground has templates that run as they are." : ""}
      </Empty>
      {next.next.length ? (
        <Section title="Next scheduled runs">
          <Next ticks={next.next} />
        </Section>
      ) : null}
    </>
  );
}

function Figure({ name, value, trend }: { name: string; value: string | undefined; trend: string | undefined }) {
  return (
    <Card withBorder padding="md">
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      {value === undefined ? (
        <Skeleton height={36} w={90} my={3} />
      ) : (
        <Text fz={28} fw={650} lh="42px">
          {value}
        </Text>
      )}
      <Text size="xs" c="dimmed" mih={18}>
        {trend ?? ""}
      </Text>
    </Card>
  );
}

function Section({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder padding="md" h="100%" component="section" aria-label={title}>
      <Group justify="space-between" mb="sm">
        <Text fw={600} component="h2" fz="md">
          {title}
        </Text>
        {more ? <Text size="sm">{more}</Text> : null}
      </Group>
      {children}
    </Card>
  );
}

/** A change of a share, in points: `+1.5 points against the period before`. */
function points(now: number | null | undefined, before: number | null | undefined): string {
  if (typeof now !== "number" || typeof before !== "number") {
    return "";
  }
  const change = Math.round((now - before) * 1_000) / 10;
  return change === 0
    ? "as in the period before"
    : `${change > 0 ? "+" : "−"}${Math.abs(change)} points since the period before`;
}
