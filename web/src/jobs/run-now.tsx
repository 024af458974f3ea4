/** Runs a job, and stays where one is: a toast tells how it goes. */
import { Button, type ButtonProps } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { complain, runJob } from "../live/start";

export function RunNow({ job, ...props }: { job: { id: string; name: string } } & ButtonProps) {
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    try {
      await runJob(job);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      loading={busy}
      onClick={() => void start()}
      aria-label={`Run now: ${job.name}`}
      {...props}
    >
      Run now
    </Button>
  );
}
