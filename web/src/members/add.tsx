/** Asks for somebody's address, and as what they shall come in. */
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { cache } from "../api/queries";
import type { Role } from "../api/types";
import { Failure } from "../parts/page";
import { RoleChoice } from "../parts/role-choice";
import { asRole } from "../parts/roles";
import { faultsOf } from "../tests/writing";
import { membersQuery } from "./queries";

export function AddMember({ close }: { close: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/members", { body: { email: email.trim(), role } })),
    onSuccess: (member) => {
      void cache.invalidateQueries(membersQuery);
      notifications.show({
        color: "teal",
        title: `${member.email} may come in as ${asRole(member.role)}`,
        message: `No letter is sent. Tell them: ${window.location.origin}/sign-in`,
        autoClose: 15_000,
      });
      close();
    },
  });
  const atEmail = faultsOf(add.error).email;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Modal opened onClose={close} title="Add a member" centered closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label="E-mail address"
            description="The one by which your issuer knows them; it must have verified it."
            type="email"
            placeholder="ada@example.com"
            value={email}
            onChange={(event) => {
              setEmail(event.currentTarget.value);
              add.reset();
            }}
            error={atEmail}
            maxLength={254}
            required
            data-autofocus
          />
          <RoleChoice value={role} change={setRole} />
          {add.error && !atEmail ? <Failure error={add.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!email.trim()}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
