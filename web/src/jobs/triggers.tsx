/** Keys with which programs outside run this one job, and do nothing else. */
import { Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import type { Job, TriggerKey } from "../api/types";
import { Entry } from "../keys/entry";
import { NewKey, type Wanted } from "../keys/new-key";
import { Revoke } from "../keys/revoke";
import { Secret, Use } from "../keys/secret";
import { useMay } from "../parts/may";
import { Failure, Waiting } from "../parts/page";
import classes from "./jobs.module.css";
import { triggerKeysQuery } from "./queries";

const EXPIRIES = [7, 30, 90, 180, 365];
const USUAL_DAYS = 90;

export function TriggerKeys({ job }: { job: Pick<Job, "id" | "name"> }) {
  const keys = useQuery(triggerKeysQuery(job.id));
  const edits = useMay("editor");
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<{ name: string; key: string }>();
  const [revoking, setRevoking] = useState<TriggerKey>();
  const stale = () => void cache.invalidateQueries(triggerKeysQuery(job.id));

  const make = async ({ name, days }: Wanted) => {
    const params = { path: { job_id: job.id } };
    const wanted = { name, ...(days ? { expiresInDays: days } : {}) };
    setMade(await body(api.POST("/api/jobs/{job_id}/trigger-keys", { params, body: wanted })));
    setAsking(false);
    stale();
  };
  return (
    <Stack gap="sm" align="stretch">
      <Text size="sm" c="dimmed">
        A trigger key runs this job and does nothing else: for deployments, webhooks, and whoever should not have an API
        key.
      </Text>
      {keys.error && !keys.data ? <Failure error={keys.error} retry={() => void keys.refetch()} /> : null}
      {keys.isPending ? <Waiting rows={1} height={48} /> : null}
      {keys.data?.items.length ? (
        <ul className={classes.lines} aria-label="Trigger keys">
          {keys.data.items.map((key) => (
            <li key={key.id}>
              <Entry entry={key} revoke={edits ? () => setRevoking(key) : undefined} />
            </li>
          ))}
        </ul>
      ) : null}
      {edits ? (
        <Button variant="default" size="xs" w="fit-content" onClick={() => setAsking(true)}>
          New trigger key
        </Button>
      ) : null}
      {asking ? (
        <NewKey
          title={`A key that runs “${job.name}”`}
          placeholder="Deployments of the shop"
          choices={EXPIRIES}
          usual={USUAL_DAYS}
          make={make}
          close={() => setAsking(false)}
        />
      ) : null}
      {made ? (
        <Secret title={`The trigger key of “${made.name}”`} secret={made.key} close={() => setMade(undefined)}>
          <Use title="This runs the job" text={command(job.id, made.key)} />
        </Secret>
      ) : null}
      {revoking ? (
        <Revoke
          entry={revoking}
          ask={() =>
            body(
              api.DELETE("/api/jobs/{job_id}/trigger-keys/{key_id}", {
                params: { path: { job_id: job.id, key_id: revoking.id } },
              }),
            )
          }
          done={stale}
          close={() => setRevoking(undefined)}
        >
          Whoever has it cannot run this job any more. Runs that it started go on.
        </Revoke>
      ) : null}
    </Stack>
  );
}

function command(id: string, key: string): string {
  return `curl -X POST -H 'Authorization: Bearer ${key}' ${window.location.origin}/api/jobs/${id}/trigger`;
}
