/** Removes a member, after saying what that means. */
import { Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { cache, sessionQuery } from "../api/queries";
import type { Member } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { membersQuery } from "./queries";

export function Remove({ member, close }: { member: Member; close: () => void }) {
  const called = member.name ?? member.email;
  const gone = (title: string, color: string) => {
    notifications.show({ color, title, message: member.email });
    void cache.invalidateQueries({ queryKey: (member.current ? sessionQuery : membersQuery).queryKey });
    close();
  };
  const remove = useMutation({
    mutationFn: () => body(api.DELETE("/api/members/{member_id}", { params: { path: { member_id: member.id } } })),
    onSuccess: () => gone("Removed", "teal"),
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 404) {
        gone("They were already removed", "yellow");
      } else {
        complain(error);
      }
    },
  });
  return (
    <Confirm
      opened
      title={`Remove ${called}?`}
      yes="Remove them"
      no="Keep them"
      busy={remove.isPending}
      onYes={() => remove.mutate()}
      onNo={close}
    >
      They are signed out at once, in every browser, and cannot come back unless somebody adds them again. What they
      made stays. So do API keys that they may have kept: look after those, too.
      {member.current ? (
        <Text size="sm" fw={600} mt="xs">
          That is you: this signs you out, here too.
        </Text>
      ) : null}
    </Confirm>
  );
}
