/** Somebody saved in between: theirs, or mine over it. Nothing is lost either way. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { SavedTest } from "../api/types";
import { When } from "../parts/when";

export function Conflict({
  theirs,
  busy,
  load,
  over,
  cancel,
}: {
  theirs: SavedTest | undefined;
  busy: boolean;
  load: () => void;
  over: () => void;
  cancel: () => void;
}) {
  return (
    <Modal
      opened={theirs !== undefined}
      onClose={cancel}
      title="Somebody saved it in between"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <Text size="sm">
          Version {theirs?.version} was saved {theirs ? <When at={theirs.updatedAt} /> : null}. What you wrote is still
          in the editor.
        </Text>
        <Text size="sm" c="dimmed">
          Load theirs, and you can put yours back. Or save yours over it: theirs stays among the versions.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={load} data-autofocus>
            Load theirs
          </Button>
          <Button onClick={over} loading={busy}>
            Save mine over it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
