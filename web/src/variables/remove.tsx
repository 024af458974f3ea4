/** Deletes a variable, after saying what that means. */
import { Code } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { ProblemError } from "../api/problem";
import type { Variable } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { remove, stale } from "./queries";

export function Remove({
  job,
  variable: { name, secret },
  close,
}: {
  job: string | undefined;
  variable: Variable;
  close: () => void;
}) {
  const gone = (title: string, color: string) => {
    notifications.show({ color, title, message: name });
    stale(job);
    close();
  };
  const act = useMutation({
    mutationFn: () => remove(job, name),
    onSuccess: () => gone("Deleted", "teal"),
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 404) {
        gone("It was already deleted", "yellow");
      } else {
        complain(error);
      }
    },
  });
  return (
    <Confirm
      opened
      title={`Delete ${name}?`}
      yes="Delete it"
      busy={act.isPending}
      onYes={() => act.mutate()}
      onNo={close}
    >
      Scripts that read <Code>process.env.{name}</Code> find {job ? "the workspace's, or nothing" : "nothing"} from the
      next run on.{secret ? " Nobody can read its value now, so be sure that you have it elsewhere." : ""}
    </Confirm>
  );
}
