/** Says how much the workspace may use; what is left empty is not limited. */
import { Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import type { Limits, Workspace } from "../api/types";
import { Failure } from "../parts/page";
import { faultsOf } from "../tests/writing";
import { usageQuery } from "./queries";

const NONE = "no limit";

const FIELDS: readonly { name: keyof Limits; label: string; about: string; least: number; empty: string }[] = [
  {
    name: "maxConcurrentTests",
    label: "Tests at once",
    about: "The others wait for their turn.",
    least: 1,
    empty: NONE,
  },
  { name: "maxQueuedTests", label: "Tests that wait", about: "A run with more is refused.", least: 0, empty: NONE },
  { name: "runMinutesPerMonth", label: "Minutes a month", about: "Of all tests, by UTC.", least: 0, empty: NONE },
  {
    name: "requestsPerMinute",
    label: "Requests a minute",
    about: "Of each key and each member.",
    least: 1,
    empty: "as the installation has it",
  },
];

type Draft = Readonly<Record<keyof Limits, number | string>>;

export function LimitsDialog({
  workspace,
  limits,
  close,
}: {
  workspace: Workspace;
  limits: Limits;
  close: () => void;
}) {
  const [draft, setDraft] = useState(
    () => Object.fromEntries(FIELDS.map(({ name }) => [name, limits[name] ?? ""])) as Draft,
  );
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/workspaces/{workspace_id}/limits", {
          params: { path: { workspace_id: workspace.id } },
          body: wanted(draft),
        }),
      ),
    onSuccess: () => {
      void cache.invalidateQueries(usageQuery);
      notifications.show({ color: "teal", title: "Saved", message: `The limits of ${workspace.name}` });
      close();
    },
  });
  const faults = faultsOf(save.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened
      onClose={close}
      title={`Limits of “${workspace.name}”`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            They count from now on; what is under way goes on.
          </Text>
          {FIELDS.map(({ name, label, about, least, empty }) => (
            <NumberInput
              key={name}
              label={label}
              description={about}
              placeholder={empty}
              min={least}
              allowDecimal={false}
              thousandSeparator=","
              value={draft[name]}
              onChange={(value) => setDraft((was) => ({ ...was, [name]: value }))}
              error={faults[name]}
            />
          ))}
          {save.error && Object.keys(faults).length === 0 ? <Failure error={save.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function wanted(draft: Draft): Limits {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== ""));
}
