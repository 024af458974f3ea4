/** Who is signed in, as what and where; the way to another workspace, and the way out. */
import { ActionIcon, Box, Group, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBuilding, IconCheck, IconDevicesOff, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { enter } from "../api/queries";
import type { Session, Workspace } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { RoleBadge } from "../parts/role";

const workspacesQuery = queryOptions({
  queryKey: ["workspaces"],
  queryFn: ({ signal }) => body(api.GET("/api/workspaces", { signal })),
  staleTime: 60_000,
});

export function Account({ session }: { session: Session }) {
  const [asked, { open: ask, close }] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const { key, member, role, workspace } = session;
  const { data: workspaces } = useQuery({ ...workspacesQuery, enabled: Boolean(member) }); // a key is good for one

  const signOut = async (everywhere: boolean) => {
    setBusy(true);
    try {
      await body(api.DELETE("/api/session", { params: { query: { everywhere } } }));
      await enter(null);
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Account">
            <IconUserCircle size={20} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Box px="sm" py={6} style={{ overflowWrap: "anywhere" }}>
            <Text size="sm" fw={600}>
              {member?.name ?? member?.email ?? key?.name}
            </Text>
            <Text size="xs" c="dimmed">
              {member ? (member.name ? member.email : "a member") : `signed in with the API key ${key?.prefix}…`}
            </Text>
            <Group gap={6} mt={6}>
              <RoleBadge role={role} size="sm" />
              <Text size="xs">in {workspace.name}</Text>
            </Group>
          </Box>
          {workspaces && workspaces.items.length > 1 ? (
            <Workspaces here={workspace.id} workspaces={workspaces.items} />
          ) : null}
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut(false)}>
            Sign out
          </Menu.Item>
          <Menu.Item leftSection={<IconDevicesOff size={16} aria-hidden />} onClick={ask}>
            Sign out everywhere
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asked}
        title="Sign out everywhere?"
        yes="Sign out everywhere"
        no="Stay signed in"
        busy={busy}
        onYes={() => void signOut(true)}
        onNo={close}
      >
        {member
          ? "Every browser in which you are signed in to this workspace is signed out, this one too."
          : `Every browser that signed in with the key “${key?.name}” is signed out, this one too. The key itself stays good.`}
      </Confirm>
    </>
  );
}

function Workspaces({ here, workspaces }: { here: string; workspaces: readonly Workspace[] }) {
  const go = async (workspaceId: string) => {
    try {
      await body(api.PUT("/api/session", { body: { workspaceId } }));
      window.location.assign("/"); // nothing of the former one is kept, not even what waits for an answer
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Workspaces</Menu.Label>
      {workspaces.map(({ id, name }) => (
        <Menu.Item
          key={id}
          leftSection={id === here ? <IconCheck size={16} aria-hidden /> : <IconBuilding size={16} aria-hidden />}
          aria-current={id === here || undefined}
          onClick={() => (id === here ? undefined : void go(id))}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
