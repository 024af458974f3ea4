/** Links with which people outside read this run's report, for a while. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconShare } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import type { Run, Share } from "../api/types";
import { Entry } from "../keys/entry";
import { NewKey, type Wanted } from "../keys/new-key";
import { Revoke } from "../keys/revoke";
import { Secret } from "../keys/secret";
import { Failure, Waiting } from "../parts/page";
import classes from "./share.module.css";

const EXPIRIES = [1, 7, 30, 90];
const USUAL_DAYS = 7;

const sharesQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "shares", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{run_id}/shares", { params: { path: { run_id: id } }, signal })),
  });

export function ShareButton({ run }: { run: Run }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<IconShare size={16} />} onClick={() => setOpened(true)}>
        Share
      </Button>
      {opened ? <Shares run={run} close={() => setOpened(false)} /> : null}
    </>
  );
}

function Shares({ run, close }: { run: Run; close: () => void }) {
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<{ name: string; path: string }>();
  const [revoking, setRevoking] = useState<Share>();
  const stale = () => void cache.invalidateQueries(sharesQuery(run.id));

  const make = async ({ name, days }: Wanted) => {
    const wanted = { name, ...(days ? { expiresInDays: days } : {}) };
    setMade(await body(api.POST("/api/runs/{run_id}/shares", { params: { path: { run_id: run.id } }, body: wanted })));
    setAsking(false);
    stale();
  };
  if (asking) {
    return (
      <NewKey
        title="Share this report"
        placeholder="The shop’s designers"
        choices={EXPIRIES}
        usual={USUAL_DAYS}
        yes="Make the link"
        make={make}
        close={() => setAsking(false)}
      />
    );
  }
  if (made) {
    return (
      <Secret
        title={`The link for “${made.name}”`}
        secret={`${window.location.origin}${made.path}`}
        what="the link"
        close={() => setMade(undefined)}
      >
        <Text size="sm">Whoever has it reads this run’s report, with traces and pictures, and nothing else.</Text>
      </Secret>
    );
  }
  if (revoking) {
    return (
      <Revoke
        entry={revoking}
        what="link"
        ask={() =>
          body(
            api.DELETE("/api/runs/{run_id}/shares/{share_id}", {
              params: { path: { run_id: run.id, share_id: revoking.id } },
            }),
          )
        }
        done={stale}
        close={() => setRevoking(undefined)}
      >
        Whoever has it cannot read the report any more, also if it is open before them.
      </Revoke>
    );
  }
  return (
    <Modal
      opened
      onClose={close}
      title="Share this report"
      centered
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Listed run={run} revoke={setRevoking} />
      <Group justify="flex-end" mt="md">
        <Button onClick={() => setAsking(true)} data-autofocus>
          New link
        </Button>
      </Group>
    </Modal>
  );
}

function Listed({ run, revoke }: { run: Run; revoke: (share: Share) => void }) {
  const shares = useQuery(sharesQuery(run.id));
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        A link shows this run’s report to whoever has it, without a key, until it expires or is revoked.
      </Text>
      {shares.error && !shares.data ? <Failure error={shares.error} retry={() => void shares.refetch()} /> : null}
      {shares.isPending ? <Waiting rows={1} height={48} /> : null}
      {shares.data?.items.length ? (
        <ul className={classes.shares} aria-label="Links to this report">
          {shares.data.items.map((share) => (
            <li key={share.id}>
              <Entry entry={share} revoke={() => revoke(share)} />
            </li>
          ))}
        </ul>
      ) : null}
    </Stack>
  );
}
