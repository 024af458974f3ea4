/** The keys with which programs and people come in. */
import { Button, Card, Stack, Text, Title } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { cache, sessionQuery } from "../api/queries";
import type { ApiKey } from "../api/types";
import { Empty, Failure, Page, Waiting } from "../parts/page";
import { Entry } from "./entry";
import classes from "./keys.module.css";
import { NewApiKey } from "./new-api-key";
import { Revoke } from "./revoke";
import { Secret } from "./secret";
import { Usage } from "./usage";

const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => body(api.GET("/api/keys", { signal })),
});

export function Keys() {
  const keys = useQuery(keysQuery);
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<{ name: string; key: string }>();
  const [revoking, setRevoking] = useState<ApiKey>();

  const keep = (key: { name: string; key: string }) => {
    setMade(key);
    setAsking(false);
    void cache.invalidateQueries(keysQuery);
  };
  const revoked = (key: ApiKey) => {
    void cache.invalidateQueries(keysQuery);
    if (key.current) {
      void cache.invalidateQueries(sessionQuery); // it ended with its key
    }
  };
  const create = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAsking(true)}>
      New key
    </Button>
  );
  return (
    <Page
      title="API keys"
      about="A key opens the workspace, as its role allows: give each program its own, and revoke it when it is done."
      actions={create}
    >
      <Card withBorder padding="md">
        {keys.error && !keys.data ? <Failure error={keys.error} retry={() => void keys.refetch()} /> : null}
        {keys.isPending ? <Waiting rows={3} height={48} /> : null}
        {keys.data?.items.length === 0 ? (
          <Empty icon={IconKey} title="No keys yet" action={create}>
            The command line, CI and your own programs each need one.
          </Empty>
        ) : null}
        <ul className={classes.keys} aria-label="API keys">
          {keys.data?.items.map((key) => (
            <li key={key.id}>
              <Entry entry={key} revoke={() => setRevoking(key)} />
            </li>
          ))}
        </ul>
      </Card>
      <Card withBorder padding="md" component="section">
        <Stack gap="sm">
          <Title order={2} size="h4">
            How a key is used
          </Title>
          <Usage />
        </Stack>
      </Card>
      {asking ? <NewApiKey made={keep} close={() => setAsking(false)} /> : null}
      {made ? (
        <Secret title={`The key of “${made.name}”`} secret={made.key} close={() => setMade(undefined)}>
          <Usage secret={made.key} />
        </Secret>
      ) : null}
      {revoking ? (
        <Revoke
          entry={revoking}
          ask={() => body(api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: revoking.id } } }))}
          done={() => revoked(revoking)}
          close={() => setRevoking(undefined)}
        >
          Whoever has it is refused from now on, and each browser that signed in with it is signed out.
          {revoking.current ? (
            <Text size="sm" fw={600} mt="xs">
              It is the key that you are signed in with: this signs you out, here too. Have another one at hand.
            </Text>
          ) : null}
        </Revoke>
      ) : null}
    </Page>
  );
}
