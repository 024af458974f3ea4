/** Asks for a variable's name and value, and saves it. A secret is typed unseen. */
import { Button, Group, Modal, PasswordInput, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Variable } from "../api/types";
import { Failure } from "../parts/page";
import { faultsOf } from "../tests/writing";
import { put } from "./queries";

export function Save({
  job,
  variable,
  close,
}: {
  job: string | undefined;
  /** The one that changes; a new one without. */
  variable: Variable | undefined;
  close: () => void;
}) {
  const [name, setName] = useState(variable?.name ?? "");
  const [value, setValue] = useState(variable?.value ?? "");
  const [secret, setSecret] = useState(variable?.secret ?? false);
  const save = useMutation({
    mutationFn: () => put(job, { name: name.trim(), value, secret }),
    onSuccess: (saved) => {
      notifications.show({ color: "teal", title: "Saved", message: `${saved.name} counts from the next run on.` });
      close();
    },
  });
  const faults = faultsOf(save.error);
  const elsewhere = save.error && !faults.name && !faults.value;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const change = (set: () => void) => {
    set();
    save.reset();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={variable ? `Change ${variable.name}` : "Add a variable"}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit} noValidate autoComplete="off">
        <Stack>
          {variable ? null : (
            <TextInput
              label="Name"
              placeholder="BASE_ACCOUNT"
              value={name}
              onChange={({ currentTarget }) => change(() => setName(currentTarget.value))}
              error={faults.name}
              spellCheck={false}
              autoCapitalize="off"
              required
              data-autofocus
            />
          )}
          {secret ? (
            <PasswordInput
              label="Value"
              description={variable?.secret ? "The new one: what it is now, nobody can read." : undefined}
              value={value}
              onChange={({ currentTarget }) => change(() => setValue(currentTarget.value))}
              error={faults.value}
              autoComplete="new-password"
              {...(variable ? { "data-autofocus": true } : {})}
            />
          ) : (
            <Textarea
              label="Value"
              value={value}
              onChange={({ currentTarget }) => change(() => setValue(currentTarget.value))}
              error={faults.value}
              autosize
              minRows={1}
              maxRows={8}
              spellCheck={false}
              {...(variable ? { "data-autofocus": true } : {})}
            />
          )}
          <Switch
            label="Secret"
            description="It is encrypted, nobody sees it again, and *** stands for it in all that a run leaves, except in pictures. 6 characters or more."
            checked={secret}
            onChange={({ currentTarget }) => change(() => setSecret(currentTarget.checked))}
          />
          {elsewhere ? <Failure error={save.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
