/** Asks for a key's name, and for how long it is to be good. */
import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { ProblemError } from "../api/problem";
import { Failure } from "../parts/page";

export interface Wanted {
  readonly name: string;
  /** Never, if there are none. */
  readonly days: number | undefined;
}

const NEVER = "never";

export function NewKey({
  title,
  placeholder,
  choices,
  usual,
  yes = "Make the key",
  make,
  close,
  children,
}: {
  title: string;
  placeholder: string;
  /** Days; undefined is never. */
  choices: readonly (number | undefined)[];
  usual: number;
  yes?: string;
  make: (wanted: Wanted) => Promise<void>;
  close: () => void;
  /** What else there is to say about it. */
  children?: ReactNode;
}) {
  const [name, setName] = useState("");
  const [days, setDays] = useState(String(usual));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setError(undefined);
    try {
      await make({ name: name.trim(), days: days === NEVER ? undefined : Number(days) });
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const atName = error instanceof ProblemError ? error.faults.find((fault) => fault.field === "name") : undefined;
  return (
    <Modal opened onClose={close} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <TextInput
            label="Name"
            description="Who or what has it, so that you know later what to revoke."
            placeholder={placeholder}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={atName?.message}
            maxLength={100}
            required
            data-autofocus
          />
          {children}
          <Select
            label="Expires"
            data={choices.map((each) =>
              each === undefined ? { value: NEVER, label: "never" } : { value: String(each), label: `in ${each} days` },
            )}
            value={days}
            onChange={(value) => value && setDays(value)}
            allowDeselect={false}
          />
          {error !== undefined && !atName ? <Failure error={error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!name.trim()}>
              {yes}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
