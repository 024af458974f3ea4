/** A job's schedule: what it says, its next times, its last ones. */
import { Alert, Box, Button, Group, Stack, Switch, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, body } from "../api/client";
import { cache, jobQuery } from "../api/queries";
import type { Job, Schedule } from "../api/types";
import { complain } from "../live/start";
import { absolute } from "../parts/format";
import { useMay } from "../parts/may";
import { Failure, Waiting } from "../parts/page";
import { IrregularTimes, Times } from "./cron/times";
import { resumed } from "./draft";
import { scheduleQuery } from "./queries";
import { Ticks } from "./ticks";

const MEANWHILE = {
  skip: "skipped while the run before has not ended",
  queue: "queued while the run before has not ended",
  replace: "takes the place of a run before that has not ended",
} as const;

export function ScheduleSection({ job }: { job: Job }) {
  const edits = useMay("editor");
  return job.schedule ? (
    <Scheduled job={job} schedule={job.schedule} />
  ) : (
    <Stack gap="sm" align="flex-start">
      <Text size="sm" c="dimmed">
        It runs only when somebody starts it. A schedule runs it by itself: every night, say, or every quarter of an
        hour.
      </Text>
      {edits ? (
        <Button component={Link} to={`/jobs/${job.id}/edit`} variant="default" size="xs">
          Give it a schedule
        </Button>
      ) : null}
    </Stack>
  );
}

function Scheduled({ job, schedule }: { job: Job; schedule: Schedule }) {
  const details = useQuery(scheduleQuery(job.id));
  const toggle = useMutation({
    mutationFn: (enabled: boolean) =>
      body(
        api.PUT("/api/jobs/{job_id}", {
          params: { path: { job_id: job.id }, header: { "if-match": `"${job.version}"` } },
          body: resumed(job, enabled),
        }),
      ),
    onSuccess: (saved) => cache.setQueryData(jobQuery(job.id).queryKey, saved),
    onError: complain,
    onSettled: () => cache.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const edits = useMay("editor");
  const enabled = toggle.isPending ? toggle.variables : schedule.enabled;

  return (
    <Stack gap="sm">
      {schedule.failing ? (
        <Alert color="red" variant="light" icon={<IconAlertTriangle />} title="It fails to start">
          Its last three times should have started a run, and did not. Below is why.
        </Alert>
      ) : null}
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Box style={{ minWidth: 0 }}>
          <Text fw={600}>{schedule.words}</Text>
          <Text size="sm" c="dimmed">
            <Text span inherit ff="monospace">
              {schedule.cron}
            </Text>{" "}
            in {schedule.timezone}; {MEANWHILE[schedule.overlap]}
            {schedule.missed === "run_once" ? "; a missed time is made up for" : ""}
            {schedule.startsAt ? `; not before ${absolute(schedule.startsAt)}` : ""}
            {schedule.endsAt ? `; not after ${absolute(schedule.endsAt)}` : ""}
          </Text>
        </Box>
        {edits ? (
          <Switch
            label={enabled ? "On" : "Paused"}
            aria-label="The schedule is on"
            checked={enabled}
            disabled={toggle.isPending}
            onChange={(event) => toggle.mutate(event.currentTarget.checked)}
            styles={{ label: { minWidth: "3.2rem" } }}
          />
        ) : (
          <Text size="sm">{enabled ? "On" : "Paused"}</Text>
        )}
      </Group>
      {details.error && !details.data ? (
        <Failure error={details.error} retry={() => void details.refetch()} />
      ) : details.data ? (
        <>
          {details.data.next.length ? (
            <Times next={details.data.next} zone={schedule.timezone} />
          ) : (
            <Text size="sm" c="dimmed">
              {schedule.enabled ? "No more times come." : "While it is paused, no times come."}
            </Text>
          )}
          <IrregularTimes times={details.data.irregular} />
          <Ticks ticks={details.data.ticks} />
        </>
      ) : (
        <Waiting rows={10} height={16} />
      )}
    </Stack>
  );
}
