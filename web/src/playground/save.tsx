/** Keeps the script as a test. */
import { Alert, Anchor, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import { TestFields } from "../tests/fields";
import { faultsOf, requestOf } from "../tests/writing";

export function SaveAsTest({
  title,
  script,
  opened,
  close,
}: {
  /** What it is called so far. */
  title: string;
  script: string;
  opened: boolean;
  close: () => void;
}) {
  return (
    <Modal opened={opened} onClose={close} title="Save as test" closeButtonProps={{ "aria-label": "Close" }}>
      <Form title={title} script={script} close={close} />
    </Modal>
  );
}

function Form({ title, script, close }: { title: string; script: string; close: () => void }) {
  const [named, setNamed] = useState({ title, description: "", tags: [] as readonly string[] });
  const save = useMutation({
    mutationFn: () => body(api.POST("/api/tests", { body: requestOf({ ...named, path: "", script }) })),
    onSuccess: (test) => {
      void cache.invalidateQueries({ queryKey: ["tests"] });
      close();
      notifications.show({
        color: "teal",
        title: `Saved: ${test.title}`,
        autoClose: 12_000,
        message: (
          <Anchor component={Link} to={`/tests/${test.id}`} size="sm">
            Open the test
          </Anchor>
        ),
      });
    },
  });
  const faults = faultsOf(save.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TestFields value={named} change={(part) => setNamed((before) => ({ ...before, ...part }))} faults={faults} />
        <Text size="sm" c="dimmed">
          The script is saved. The base URL, the variables and the other options are of this run only: a job has its
          own.
        </Text>
        {save.error && Object.keys(faults).length === 0 ? (
          <Alert color="red" role="alert">
            {save.error.message}
          </Alert>
        ) : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Not now
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!named.title.trim()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
