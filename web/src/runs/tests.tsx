/** A run's tests as a list: what each is doing, or how it ended. A thousand of them scroll like ten. */
import { Group, SegmentedControl, Select, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { RunTest } from "../api/types";
import type { LiveRun } from "../live/state";
import { Count } from "../parts/counts";
import { duration } from "../parts/format";
import { useNow } from "../parts/now";
import { isOver, StatusIcon } from "../parts/status";
import { howMany, type Kind, type Order, picked } from "./pick";
import classes from "./tests.module.css";

const ROW = 44;
const KINDS: readonly (readonly [Kind, string])[] = [
  ["all", "All"],
  ["bad", "Failed"],
  ["flaky", "Flaky"],
  ["under-way", "Under way"],
  ["passed", "Passed"],
];

export function Tests({
  tests,
  live,
  kind,
  setKind,
  selected,
  select,
}: {
  tests: readonly RunTest[];
  live: LiveRun | undefined;
  kind: Kind;
  setKind: (kind: Kind) => void;
  selected: string | undefined;
  select: (id: string) => void;
}) {
  const [search, setSearch] = useState("");
  const [order, setOrder] = useState<Order>("job");
  const shown = picked(tests, kind, search, order);
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          aria-label="Which tests"
          value={kind}
          onChange={(value) => setKind(value as Kind)}
          data={KINDS.map(([value, label]) => ({
            value,
            label: (
              <>
                {label} <Count value={howMany(tests, value)} digits={String(tests.length).length} />
              </>
            ),
          }))}
          className={classes.kinds}
        />
        <TextInput
          size="xs"
          aria-label="Search tests by title"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          style={{ flex: "1 1 6rem" }}
        />
        <Select
          size="xs"
          aria-label="Order"
          w={165}
          allowDeselect={false}
          value={order}
          onChange={(value) => setOrder((value ?? "job") as Order)}
          data={[
            { value: "job", label: "In the job's order" },
            { value: "slowest", label: "Slowest first" },
            { value: "worst", label: "Worst first" },
          ]}
        />
      </Group>
      <Rows tests={shown} live={live} selected={selected} select={select} />
    </Stack>
  );
}

function Rows({
  tests,
  live,
  selected,
  select,
}: {
  tests: readonly RunTest[];
  live: LiveRun | undefined;
  selected: string | undefined;
  select: (id: string) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: tests.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 8,
    getItemKey: (index) => tests[index]?.id ?? index,
  });
  return (
    <div ref={frame} className={classes.frame}>
      {tests.length === 0 ? (
        <Text c="dimmed" size="sm" p="md">
          No test is like this.
        </Text>
      ) : null}
      <ul className={classes.list} style={{ height: rows.getTotalSize() }} aria-label="Tests">
        {rows.getVirtualItems().map((row) => {
          const test = tests[row.index];
          return test ? (
            <li
              key={row.key}
              className={classes.place}
              style={{ transform: `translateY(${row.start}px)`, height: ROW }}
              aria-setsize={tests.length}
              aria-posinset={row.index + 1}
            >
              <UnstyledButton
                className={classes.row}
                data-selected={test.id === selected || undefined}
                aria-pressed={test.id === selected}
                onClick={() => select(test.id)}
              >
                <StatusIcon status={test.status} />
                <span className={classes.title}>{test.title}</span>
                <span className={classes.doing}>{doing(test, live)}</span>
                <span className={classes.time}>
                  <Took test={test} />
                </span>
              </UnstyledButton>
            </li>
          ) : null;
        })}
      </ul>
    </div>
  );
}

/** What a test is at, or the first line of what came of it. */
function doing(test: RunTest, live: LiveRun | undefined): string {
  if (test.status !== "running") {
    return test.message?.split("\n")[0] ?? "";
  }
  for (const each of live?.tests.get(test.id)?.cases.values() ?? []) {
    if (each.status === "running") {
      const step = [...each.steps.values()].filter((one) => one.status === "running").at(-1);
      return step?.title ?? each.title;
    }
  }
  return "";
}

export function Took({ test }: { test: RunTest }) {
  return isOver(test.status) || !test.startedAt ? duration(test.durationMs) : <Ticking since={test.startedAt} />;
}

/** The time since then, going by. */
export function Ticking({ since }: { since: string | number }) {
  const now = useNow(100);
  return (
    <span style={{ fontVariantNumeric: "tabular-nums" }}>{duration(Math.max(0, now - new Date(since).getTime()))}</span>
  );
}
