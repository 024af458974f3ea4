/** What a test was, version by version: to look at, and to take back. */
import { Button, Group, Modal, Paper, Skeleton, Text, Title, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SavedTest } from "../api/types";
import { Editor } from "../editor/editor";
import { Failure } from "../parts/page";
import { When } from "../parts/when";
import { versionQuery, versionsQuery } from "./queries";
import classes from "./tests.module.css";

type Restore = ((script: string) => void) | undefined;

/** Without `restore` they are only to look at. */
export function Versions({ test, restore }: { test: SavedTest; restore: Restore }) {
  const found = useInfiniteQuery(versionsQuery(test.id));
  const [seen, setSeen] = useState<number>();
  const versions = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Paper withBorder p="sm" component="section" aria-labelledby="versions">
      <Title order={2} size="h5" id="versions" mb={4}>
        Versions
      </Title>
      {found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Skeleton h={34} /> : null}
      <ul className={classes.list}>
        {versions.map(({ version, createdAt }) => (
          <Group component="li" key={version} justify="space-between" wrap="nowrap" gap="xs">
            <Text size="sm">
              {version}
              {version === test.version ? " (now)" : ""}
            </Text>
            <Text size="sm" c="dimmed" component="div" style={{ flex: 1 }}>
              <When at={createdAt} />
            </Text>
            <UnstyledButton onClick={() => setSeen(version)} aria-label={`View version ${version}`}>
              <Text size="sm" c="var(--mantine-color-anchor)">
                View
              </Text>
            </UnstyledButton>
          </Group>
        ))}
      </ul>
      {found.hasNextPage ? (
        <Button
          variant="subtle"
          size="compact-sm"
          loading={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          Older ones
        </Button>
      ) : null}
      <Modal
        opened={seen !== undefined}
        onClose={() => setSeen(undefined)}
        title={`Version ${seen}`}
        size="xl"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {seen === undefined ? null : (
          <Old
            id={test.id}
            version={seen}
            restore={
              restore &&
              ((script) => {
                restore(script);
                setSeen(undefined);
              })
            }
          />
        )}
      </Modal>
    </Paper>
  );
}

function Old({ id, version, restore }: { id: string; version: number; restore: Restore }) {
  const { data, error, refetch } = useQuery(versionQuery(id, version));
  if (error) {
    return <Failure error={error} retry={() => void refetch()} />;
  }
  if (!data) {
    return <Skeleton className={classes.old} />;
  }
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        “{data.title}”, saved <When at={data.createdAt} />
      </Text>
      <Editor
        className={classes.old}
        label={`Script of version ${version}`}
        value={data.script ?? ""}
        language={data.language}
        readOnly
      />
      {restore ? (
        <Group justify="flex-end" mt="sm">
          <Text size="sm" c="dimmed">
            It is saved only when you save.
          </Text>
          <Button onClick={() => restore(data.script ?? "")}>Restore: put it into the editor</Button>
        </Group>
      ) : null}
    </>
  );
}
