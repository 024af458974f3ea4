/** What people changed, the newest first. */
import { Anchor, Button, Card, Center, Group, Text, Title } from "@mantine/core";
import { IconFilterOff, IconListDetails } from "@tabler/icons-react";
import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { api, body } from "../api/client";
import type { AuditEntry } from "../api/types";
import { day } from "../parts/format";
import { useNow } from "../parts/now";
import { Empty, Failure, Page, Waiting } from "../parts/page";
import classes from "./audit.module.css";
import { Entry } from "./entry";
import { gone } from "./sentence";

const auditQuery = (target: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["audit", target],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET("/api/audit", {
          params: {
            query: { limit: 50, ...(target ? { targetId: target } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export function Audit() {
  const [search] = useSearchParams();
  const target = search.get("target") ?? undefined;
  const log = useInfiniteQuery(auditQuery(target));
  const entries = log.data?.pages.flatMap((page) => page.items);
  return (
    <Page
      title="Audit log"
      about="Whatever somebody changes in this workspace is here within the same instant, and stays for 400 days. Nobody can change it."
    >
      {target ? (
        <Group gap="xs">
          <Text size="sm">Only what was done to {named(entries)}</Text>
          <Button
            component={Link}
            to="/audit"
            variant="default"
            size="compact-sm"
            leftSection={<IconFilterOff size={14} aria-hidden />}
          >
            Show everything
          </Button>
        </Group>
      ) : null}
      {log.error ? <Failure error={log.error} retry={() => void log.refetch()} /> : null}
      {log.isPending ? <Waiting rows={10} height={40} /> : null}
      {entries?.length === 0 ? <None filtered={target !== undefined} /> : null}
      {entries?.length ? <Days entries={entries} filtered={target !== undefined} /> : null}
      {log.hasNextPage ? (
        <Center>
          <Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Older entries
          </Button>
        </Center>
      ) : null}
    </Page>
  );
}

function Days({ entries, filtered }: { entries: readonly AuditEntry[]; filtered: boolean }) {
  const now = useNow(10_000);
  const without = gone(entries);
  const days = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const name = day(entry.at, now);
    days.set(name, [...(days.get(name) ?? []), entry]);
  }
  return [...days].map(([name, those]) => (
    <Card key={name} withBorder padding="md" component="section" aria-label={name}>
      <Title order={2} size="h5" mb="xs">
        {name}
      </Title>
      <ul className={classes.entries}>
        {those.map((entry) => (
          <Entry
            key={`${entry.at}${entry.targetKind}${entry.targetId}`}
            entry={entry}
            gone={without}
            filtered={filtered}
          />
        ))}
      </ul>
    </Card>
  ));
}

function None({ filtered }: { filtered: boolean }) {
  return (
    <Empty icon={IconListDetails} title={filtered ? "Nothing is noted of this" : "Nothing was changed yet"}>
      {filtered ? (
        <>
          It was not changed in the last 400 days, or was never here.{" "}
          <Anchor component={Link} to="/audit" inherit underline="always">
            Show everything
          </Anchor>
        </>
      ) : (
        "Who makes, changes or deletes a test, a job, a key or a member is noted here, and who signs in."
      )}
    </Empty>
  );
}

/** What the entries are about, in its latest name. */
function named(entries: readonly AuditEntry[] | undefined): string {
  const found = entries?.find(({ targetName, targetKind }) => targetName && targetKind !== "schedule");
  return found?.targetName ? `“${found.targetName}”` : "one thing";
}
