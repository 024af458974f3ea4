/** The people who may come in, each as what. */
import { Button, Card } from "@mantine/core";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { waysQuery } from "../api/queries";
import type { Member } from "../api/types";
import keys from "../keys/keys.module.css";
import { Empty, Failure, Page, Waiting } from "../parts/page";
import { AddMember } from "./add";
import { Entry } from "./entry";
import { Explanation } from "./explanation";
import { membersQuery } from "./queries";
import { Remove } from "./remove";

export function Members() {
  const members = useQuery(membersQuery);
  const ways = useQuery(waysQuery);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Member>();
  const add = (
    <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
      Add a member
    </Button>
  );
  return (
    <Page
      title="Members"
      about="The people who may come in, each as what they need to be. Programs come with API keys instead."
      actions={add}
    >
      <Card withBorder padding="md">
        {members.error && !members.data ? (
          <Failure error={members.error} retry={() => void members.refetch()} />
        ) : members.isPending ? (
          <Waiting rows={3} height={48} />
        ) : null}
        {members.data?.items.length === 0 ? (
          <Empty icon={IconUsers} title="No members yet" action={add}>
            A member is a person who signs in as themselves instead of with a key that many share. What they change is
            theirs in the audit log, and whoever leaves is out with one click.
          </Empty>
        ) : null}
        <ul className={keys.keys} aria-label="Members">
          {members.data?.items.map((member) => (
            <li key={member.id}>
              <Entry member={member} remove={() => setRemoving(member)} />
            </li>
          ))}
        </ul>
      </Card>
      {ways.data ? <Explanation way={ways.data.singleSignOn ?? undefined} /> : null}
      {adding ? <AddMember close={() => setAdding(false)} /> : null}
      {removing ? <Remove member={removing} close={() => setRemoving(undefined)} /> : null}
    </Page>
  );
}
