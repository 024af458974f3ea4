/** Which runs are wanted: kept in the address, so that a view can be shared. */
import { Button, Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconFilterOff, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { api, body } from "../api/client";
import type { RunStatus, RunTrigger } from "../api/types";
import { LOOKS } from "../parts/status";
import classes from "./filters.module.css";
import { TRIGGERS } from "./trigger";

const STATUSES: readonly RunStatus[] = ["queued", "running", "passed", "failed", "error", "timed_out", "cancelled"];

export interface Wanted {
  status?: RunStatus[];
  trigger?: RunTrigger[];
  jobId?: string;
  testId?: string;
  search?: string;
  since?: string;
  until?: string;
}

/** Read the address; a day means the reader's own, from its first moment to its last. */
export function wantedOf(search: URLSearchParams): Wanted {
  const status = search.getAll("status").filter((each): each is RunStatus => STATUSES.includes(each as RunStatus));
  const trigger = search.getAll("trigger").filter((each): each is RunTrigger => each in TRIGGERS);
  const since = day(search.get("from"), 0);
  const until = day(search.get("to"), 1);
  const jobId = search.get("job");
  const testId = search.get("test");
  const words = search.get("search");
  return {
    ...(status.length ? { status } : {}),
    ...(trigger.length ? { trigger } : {}),
    ...(jobId ? { jobId } : {}),
    ...(testId ? { testId } : {}),
    ...(words ? { search: words } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}

function day(written: string | null, more: number): string | undefined {
  const [year, month, date] = (written ?? "").split("-").map(Number);
  if (!year || !month || !date) {
    return undefined;
  }
  return new Date(year, month - 1, date + more).toISOString();
}

export function Filters() {
  const [search, setSearch] = useSearchParams();
  const [opened, { toggle }] = useDisclosure(false);
  const [words, setWords] = useState(search.get("search") ?? "");
  const change = (name: string, values: readonly string[]) => {
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete(name);
        for (const each of values) {
          after.append(name, each);
        }
        return after;
      },
      { replace: true },
    );
  };
  const later = useDebouncedCallback((value: string) => change("search", value ? [value] : []), 250);
  const jobs = useQuery({
    queryKey: ["jobs", "names"],
    queryFn: ({ signal }) => body(api.GET("/api/jobs", { params: { query: { limit: 200 } }, signal })),
    staleTime: 30_000,
  });
  return (
    <Group gap="xs" align="flex-end" role="search" aria-label="Filter runs">
      <TextInput
        label="Search"
        placeholder="in titles"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          later(event.currentTarget.value);
        }}
        style={{ flex: "1 1 8rem" }}
      />
      <Button hiddenFrom="sm" variant="default" onClick={toggle} aria-expanded={opened} aria-controls="more-filters">
        Filters
      </Button>
      <div id="more-filters" className={classes.more} data-opened={opened || undefined}>
        <MultiSelect
          label="Status"
          placeholder={search.has("status") ? "" : "any"}
          data={STATUSES.map((value) => ({ value, label: LOOKS[value].label }))}
          value={search.getAll("status")}
          onChange={(values) => change("status", values)}
          clearable
          style={{ flex: "1 1 9rem" }}
        />
        <MultiSelect
          label="Started by"
          placeholder={search.has("trigger") ? "" : "anything"}
          data={Object.entries(TRIGGERS).map(([value, { label }]) => ({ value, label }))}
          value={search.getAll("trigger")}
          onChange={(values) => change("trigger", values)}
          clearable
          style={{ flex: "1 1 8rem" }}
        />
        <Select
          label="Job"
          placeholder="any"
          data={(jobs.data?.items ?? []).map((job) => ({ value: job.id, label: job.name }))}
          value={search.get("job")}
          onChange={(value) => change("job", value ? [value] : [])}
          searchable
          clearable
          style={{ flex: "1 1 8rem" }}
        />
        <Day label="From" name="from" search={search} change={change} />
        <Day label="To" name="to" search={search} change={change} />
        <Button
          variant="subtle"
          leftSection={<IconFilterOff size={16} />}
          disabled={search.size === 0}
          onClick={() => {
            setWords("");
            setSearch({}, { replace: true });
          }}
        >
          Clear
        </Button>
      </div>
    </Group>
  );
}

function Day({
  label,
  name,
  search,
  change,
}: {
  label: string;
  name: string;
  search: URLSearchParams;
  change: (name: string, values: readonly string[]) => void;
}) {
  return (
    <TextInput
      type="date"
      label={label}
      value={search.get(name) ?? ""}
      onChange={(event) => change(name, event.currentTarget.value ? [event.currentTarget.value] : [])}
      style={{ flex: "0 1 9rem" }}
    />
  );
}
