/** How a job's tests are run, to read. */
import { DataList } from "@mantine/core";
import type { Job } from "../api/types";
import { absolute, count, duration } from "../parts/format";

export function Settings({ job }: { job: Job }) {
  const rows: readonly (readonly [string, string])[] = [
    ["Tests at once", String(job.parallelism)],
    ["Retries", job.retries ? `${job.retries}, for each test that fails` : "none"],
    ["Time for a test", duration(job.timeoutSeconds * 1_000)],
    [
      "Time for a run",
      job.runTimeoutSeconds ? duration(job.runTimeoutSeconds * 1_000) : "as long as its tests may need",
    ],
    ["Stops early", job.stopAfterFailures ? `after ${count(job.stopAfterFailures, "failure")}` : "never"],
    ["Base URL", job.baseUrl ?? "none"],
    ["Saved", `${absolute(job.updatedAt)}, version ${job.version}`],
  ];
  return (
    <DataList gap="xs" labelWidth={130}>
      {rows.map(([label, value]) => (
        <DataList.Item key={label}>
          <DataList.ItemLabel>{label}</DataList.ItemLabel>
          <DataList.ItemValue style={{ overflowWrap: "anywhere" }}>{value}</DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}
