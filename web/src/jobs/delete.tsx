/** Deletes a job, after saying what goes with it. */
import { List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { activeQuery, cache, jobQuery, runsChanged } from "../api/queries";
import type { JobSummary } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { count } from "../parts/format";

export function DeleteJob({
  job,
  opened,
  close,
  onGone,
}: {
  job: Pick<JobSummary, "id" | "name" | "testCount" | "schedule">;
  opened: boolean;
  close: () => void;
  /** It is not there any more, whoever deleted it. */
  onGone?: () => Promise<void>;
}) {
  const [busy, setBusy] = useState(false);
  const active = useQuery({ ...activeQuery, enabled: opened });
  const running = active.data?.items.filter((run) => run.jobId === job.id).length ?? 0;

  const remove = async () => {
    setBusy(true);
    try {
      const gone = await deleted(job.id);
      notifications.show(
        gone === "now"
          ? { color: "teal", title: "Deleted", message: job.name }
          : { color: "yellow", title: "This job was already deleted", message: job.name },
      );
      close();
      await onGone?.();
      cache.removeQueries({ queryKey: jobQuery(job.id).queryKey });
      runsChanged();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Confirm
      opened={opened}
      title={`Delete “${job.name}”?`}
      yes="Delete the job"
      busy={busy}
      onYes={() => void remove()}
      onNo={close}
    >
      This goes for good:
      <List size="sm" my="xs">
        {job.schedule ? <List.Item>its schedule: {job.schedule.words}</List.Item> : null}
        <List.Item>all of its runs, with their results</List.Item>
        <List.Item>their artifacts: reports, traces, screenshots and videos</List.Item>
        <List.Item>its trigger keys: whoever starts it from outside is refused</List.Item>
      </List>
      {running ? (
        <Text size="sm" fw={600} mb="xs">
          {count(running, "run")} {running === 1 ? "is" : "are"} under way now, and will be stopped.
        </Text>
      ) : null}
      {job.testCount === 1 ? "Its test stays." : `Its ${count(job.testCount, "test")} stay.`}
    </Confirm>
  );
}

async function deleted(id: string): Promise<"now" | "before"> {
  try {
    await body(api.DELETE("/api/jobs/{job_id}", { params: { path: { job_id: id } } }));
    return "now";
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) {
      return "before";
    }
    throw error;
  }
}
