/** Somebody saved the job while somebody else was writing it. */
import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { When } from "../parts/when";
import type { Theirs } from "./save";

export function Conflict({
  theirs,
  differ,
  busy,
  load,
  over,
  close,
}: {
  theirs: Theirs;
  /** What is not as they have it, for people. */
  differ: readonly string[];
  busy: boolean;
  load: () => void;
  over: () => void;
  close: () => void;
}) {
  return (
    <Modal
      opened
      onClose={close}
      title="Somebody saved this job in between"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <Text size="sm">
          “{theirs.draft.name}” was saved <When at={theirs.at} /> by somebody else.{" "}
          {differ.length
            ? `Different from what you have here: ${differ.join(", ")}.`
            : "It is the same as what you have here."}
        </Text>
        <Text size="sm" c="dimmed">
          Nothing that you typed is lost: if you load theirs, yours can be brought back.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close} data-autofocus>
            Back to the form
          </Button>
          <Button variant="default" onClick={load}>
            Load theirs
          </Button>
          <Button color="red.9" loading={busy} onClick={over}>
            Save over it
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Theirs was loaded, and yours is kept. */
export function Restored({ back }: { back: () => void }) {
  return (
    <Alert color="blue" variant="light" title="This is what they saved">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">What you typed is kept until you leave this page.</Text>
        <Button size="xs" variant="default" onClick={back}>
          Bring mine back
        </Button>
      </Stack>
    </Alert>
  );
}
