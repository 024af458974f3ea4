/** Announces the runs of this tab: a toast that stays while one is under way, and becomes its verdict. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { ProblemError } from "../api/problem";
import { runQuery, runsChanged } from "../api/queries";
import type { Run } from "../api/types";
import { CountsText, ended } from "../parts/counts";
import { duration } from "../parts/format";
import { isOver, LOOKS, StatusIcon } from "../parts/status";
import { useLine, waits } from "../parts/waits";
import { useFeed } from "./feed";
import { type Followed, unfollow, useFollowed } from "./followed";

/** So many are followed by their events; browsers have six connections to a host. The others are asked about. */
const MOST_LIVE = 2;

export function Announcer() {
  return useFollowed().map((run, index, all) => (
    <Announcement key={run.id} run={run} live={index >= all.length - MOST_LIVE} />
  ));
}

function Announcement({ run, live }: { run: Followed; live: boolean }) {
  const feed = useFeed(live ? run.id : undefined, live ? run.events : undefined);
  const told = feed?.run;
  const toldOver = told !== undefined && isOver(told.status);
  const { data, error } = useQuery({
    ...runQuery(run.id),
    refetchInterval: live && feed?.connection === "open" ? 20_000 : 2_000,
    staleTime: 0,
  });

  const status = toldOver ? told.status : (data?.status ?? told?.status ?? "queued");
  const counts = told?.counts.total ? told.counts : (data?.counts ?? {});
  const over = isOver(status);
  useLine(run.id, status === "queued");
  const waiting = waits(data);
  const gone = error instanceof ProblemError && error.status === 404;
  const reconnecting = feed?.connection === "reconnecting";
  const done = ended(counts);

  useEffect(() => {
    if (over || gone) {
      return;
    }
    const doing =
      status === "queued" ? `Queued: ${waiting}` : run.kind === "job" ? `${done} of ${counts.total} tests` : "Running";
    show({
      id: run.id,
      title: run.title,
      loading: true,
      autoClose: false,
      withCloseButton: false,
      message: (
        <Group gap="xs" justify="space-between">
          <Text size="sm" c="dimmed">
            {reconnecting ? "Reconnecting…" : doing}
          </Text>
          <Anchor component={Link} to={`/runs/${run.id}`} size="sm">
            Watch it
          </Anchor>
        </Group>
      ),
    });
  }, [run, status, over, gone, done, counts.total, reconnecting, waiting]);

  useEffect(() => {
    if (gone) {
      notifications.hide(toast(run.id));
      unfollow(run.id);
    }
  }, [run, gone]);

  useEffect(() => {
    if (!over) {
      return;
    }
    show({
      id: run.id,
      title: `${LOOKS[status].label}: ${run.title}`,
      color: status === "passed" ? "teal" : status === "cancelled" ? "gray" : "red",
      icon: <StatusIcon status={status} />,
      loading: false,
      autoClose: status === "passed" ? 8_000 : 15_000,
      withCloseButton: true,
      message: <Verdict id={run.id} kind={run.kind} counts={counts} ms={told?.durationMs ?? data?.durationMs} />,
    });
    unfollow(run.id);
    runsChanged();
  }, [run, over, status, counts, told?.durationMs, data?.durationMs]);

  return null;
}

function Verdict({
  id,
  kind,
  counts,
  ms,
}: {
  id: string;
  kind: Run["kind"];
  counts: Run["counts"];
  ms: number | null | undefined;
}) {
  return (
    <Stack gap={2}>
      <Text size="sm">{kind === "job" ? <CountsText counts={counts} /> : `in ${duration(ms)}`}</Text>
      <Anchor component={Link} to={`/runs/${id}?view=report`} size="sm" onClick={() => notifications.hide(toast(id))}>
        View run report
      </Anchor>
    </Stack>
  );
}

/** Toasts that are up, so that a second word about a run changes its toast instead of adding one. */
const up = new Set<string>();

function show({ id, ...props }: { id: string } & Parameters<typeof notifications.show>[0]): void {
  const whole = { ...props, id: toast(id), onClose: () => up.delete(id) };
  if (up.has(id)) {
    notifications.update(whole);
  } else {
    up.add(id);
    notifications.show(whole);
  }
}

function toast(id: string): string {
  return `run-${id}`;
}
