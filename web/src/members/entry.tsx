/** One member: who they are, when they were here, and as what they come, which can be changed. */
import { Badge, Box, Button, Group, Select, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { cache, sessionQuery } from "../api/queries";
import type { Member, Role } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { ROLE_LOOKS } from "../parts/role";
import { asRole, ROLES } from "../parts/roles";
import { statusColor } from "../parts/status";
import status from "../parts/status.module.css";
import { When } from "../parts/when";
import { membersQuery } from "./queries";

const CHOICES = ROLES.map((value) => ({ value, label: ROLE_LOOKS[value].label }));

export function Entry({ member, remove }: { member: Member; remove: () => void }) {
  const [asked, setAsked] = useState<Role>();
  const change = useMutation({
    mutationFn: (role: Role) => put(member, role),
    onSuccess: (_, role) => tell(member, role),
    onError: complain,
  });
  const called = member.name ?? member.email;
  const choose = (role: Role) => {
    if (role !== member.role) {
      member.current ? setAsked(role) : change.mutate(role);
    }
  };
  return (
    <Group gap="sm" align="flex-start">
      <Box style={{ flex: "1 1 16rem", minWidth: 0 }}>
        <Group gap={8}>
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {called}
          </Text>
          {member.current ? (
            <Badge variant="default" className={status.badge ?? ""} style={{ "--badge-tone": statusColor("running") }}>
              You
            </Badge>
          ) : null}
        </Group>
        <Text size="sm" c="dimmed" component="div" style={{ overflowWrap: "anywhere" }}>
          {member.name ? `${member.email}, ` : ""}
          {member.lastUsedAt ? (
            <>
              last here <When at={member.lastUsedAt} />
            </>
          ) : (
            <>
              has not been here yet, added <When at={member.createdAt} />
            </>
          )}
        </Text>
      </Box>
      <Group gap="xs" wrap="nowrap">
        <Select
          size="xs"
          w={110}
          aria-label={`Role of ${called}`}
          data={CHOICES}
          value={change.isPending ? change.variables : member.role}
          onChange={(role) => role && choose(role)}
          disabled={change.isPending}
          allowDeselect={false}
        />
        <Button variant="default" size="xs" onClick={remove} aria-label={`Remove ${called}`}>
          Remove
        </Button>
      </Group>
      <Confirm
        opened={asked !== undefined}
        title={`Be ${asked ? asRole(asked) : ""} yourself?`}
        yes="Change my role"
        no="Stay an owner"
        onYes={() => {
          if (asked) {
            change.mutate(asked);
          }
          setAsked(undefined);
        }}
        onNo={() => setAsked(undefined)}
      >
        This page, the keys and the audit log are closed to you from then on, and only another owner can make you one
        again.
      </Confirm>
    </Group>
  );
}

async function put(member: Member, role: Role): Promise<void> {
  await body(api.PUT("/api/members/{member_id}", { params: { path: { member_id: member.id } }, body: { role } }));
  await cache.invalidateQueries({ queryKey: (member.current ? sessionQuery : membersQuery).queryKey });
}

/** Say it, with a way back. */
function tell(member: Member, role: Role): void {
  const id = `role-${member.id}`;
  const undo = () => {
    notifications.hide(id);
    put(member, member.role).catch(complain);
  };
  notifications.hide(id);
  notifications.show({
    id,
    color: "teal",
    title: `${member.name ?? member.email} is ${asRole(role)} now`,
    autoClose: 12_000,
    message: (
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          It counts from their next click.
        </Text>
        {member.current ? null : (
          <Button size="compact-sm" variant="default" onClick={undo}>
            Undo
          </Button>
        )}
      </Group>
    ),
  });
}
