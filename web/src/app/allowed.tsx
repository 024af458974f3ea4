/** Keeps pages to those who may use them; the API would refuse the others, and less kindly. */
import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { Link } from "react-router";
import { sessionQuery } from "../api/queries";
import type { Role } from "../api/types";
import { useMay, useRole } from "../parts/may";
import { Empty, Page } from "../parts/page";
import { ROLE_LOOKS } from "../parts/role";
import { asRole } from "../parts/roles";

/** Give the page as those see it who have this role or a greater one; the others see why they do not. */
export function only(needed: Exclude<Role, "viewer">, Wanted: ComponentType): ComponentType {
  return function Guarded() {
    return useMay(needed) ? <Wanted /> : <NotForYou needed={needed} />;
  };
}

const WHAT = {
  editor: "To write, run and delete is for the editors and owners of",
  owner: "Who may come in, and who changed what, is for the owners of",
} as const;

export function NotForYou({ needed }: { needed: keyof typeof WHAT }) {
  const role = useRole();
  const { data } = useQuery({ ...sessionQuery, enabled: false });
  return (
    <Page title={`For ${ROLE_LOOKS[needed].label.toLowerCase()}s`}>
      <Empty
        icon={IconLock}
        title={`This takes the role of ${asRole(needed)}`}
        action={
          <Button component={Link} to="/">
            Go to the dashboard
          </Button>
        }
      >
        You are here as {asRole(role)}. {WHAT[needed]} “{data?.workspace.name}”. One of its owners can give you another
        role, which counts from your next click.
      </Empty>
    </Page>
  );
}
