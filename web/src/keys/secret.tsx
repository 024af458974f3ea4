/** A key that was just made. It is shown only now, so nothing but its button closes it. */
import { ActionIcon, Alert, Box, Button, Code, CopyButton, Group, Modal, Stack, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconEyeExclamation } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { statusColor } from "../parts/status";

export function Secret({
  title,
  secret,
  what = "the key",
  children,
  close,
}: {
  title: string;
  secret: string;
  what?: string;
  /** How it is used. */
  children: ReactNode;
  close: () => void;
}) {
  return (
    <Modal
      opened
      onClose={() => {}}
      title={title}
      size="lg"
      centered
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <Alert
          color="yellow"
          variant="light"
          icon={<IconEyeExclamation />}
          styles={{ icon: { color: statusColor("flaky") } }}
        >
          Keep it now: it is shown this one time. Matinee itself knows only a digest of it.
        </Alert>
        <Copied text={secret} what={what} />
        {children}
        <Group justify="flex-end">
          <Button onClick={close}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** A text to take along, with its button. */
export function Copied({ text, what }: { text: string; what: string }) {
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <Box style={{ flex: 1, minWidth: 0 }}>
        <Code block tabIndex={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} aria-label={what}>
          {text}
        </Code>
      </Box>
      <CopyButton value={text} timeout={2_000}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? "Copied" : "Copy"}>
            <ActionIcon variant="default" size="lg" onClick={copy} aria-label={copied ? "Copied" : `Copy ${what}`}>
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

/** A use of a key, with what is to be typed for it. */
export function Use({ title, text }: { title: string; text: string }) {
  return (
    <Box>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <Copied text={text} what={title} />
    </Box>
  );
}
