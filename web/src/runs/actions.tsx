/** What can be done with a run. */
import { Button, CopyButton, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck, IconChevronDown, IconLink, IconPlayerStop, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { runsChanged } from "../api/queries";
import type { Run, RunStatus } from "../api/types";
import { unfollow } from "../live/followed";
import { cancel, complain, rerun } from "../live/start";
import { Confirm } from "../parts/confirm";
import { useMay } from "../parts/may";
import { isOver } from "../parts/status";
import { Downloads } from "./downloads";
import { ShareButton } from "./share";

export function Actions({ run, status, bad }: { run: Run; status: RunStatus; bad: number }) {
  const edits = useMay("editor");
  return (
    <>
      {edits ? isOver(status) ? <Again run={run} bad={bad} /> : <Stop run={run} /> : null}
      <Downloads run={run} />
      <CopyButton value={`${window.location.origin}/runs/${run.id}`}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            onClick={copy}
            leftSection={copied ? <IconCheck size={16} /> : <IconLink size={16} />}
          >
            {copied ? "Copied" : "Copy link"}
          </Button>
        )}
      </CopyButton>
      {edits ? <ShareButton run={run} /> : null}
      {edits ? <Remove run={run} status={status} /> : null}
    </>
  );
}

function Stop({ run }: { run: Run }) {
  const stop = useMutation({ mutationFn: () => cancel(run.id), onError: complain });
  const asked = Boolean(run.cancelRequestedAt) || stop.isSuccess;
  return (
    <Button
      color="red"
      variant="light"
      leftSection={<IconPlayerStop size={16} />}
      loading={stop.isPending}
      disabled={asked}
      onClick={() => stop.mutate()}
    >
      {asked ? "Stopping…" : "Cancel"}
    </Button>
  );
}

function Again({ run, bad }: { run: Run; bad: number }) {
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: (only: "failed" | "all") => rerun(run, only),
    onSuccess: (id) => navigate(`/runs/${id}`),
    onError: complain,
  });
  if (run.kind === "test" || bad === 0) {
    return (
      <Button leftSection={<IconRefresh size={16} />} loading={again.isPending} onClick={() => again.mutate("all")}>
        Run again
      </Button>
    );
  }
  return (
    <Button.Group>
      <Button leftSection={<IconRefresh size={16} />} loading={again.isPending} onClick={() => again.mutate("failed")}>
        Re-run failed
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button px={8} aria-label="Other ways to run it again" disabled={again.isPending}>
            <IconChevronDown size={16} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => again.mutate("all")}>Re-run all</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}

function Remove({ run, status }: { run: Run; status: RunStatus }) {
  const [asked, setAsked] = useState(false);
  const navigate = useNavigate();
  const leave = async () => {
    unfollow(run.id);
    await navigate("/runs");
    runsChanged();
  };
  const remove = useMutation({
    mutationFn: () => body(api.DELETE("/api/runs/{run_id}", { params: { path: { run_id: run.id } } })),
    onSuccess: leave,
    onError: async (error) => {
      if (error instanceof ProblemError && error.status === 404) {
        notifications.show({ color: "yellow", message: "This run was deleted already." });
        await leave();
      } else {
        complain(error);
      }
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} />} onClick={() => setAsked(true)}>
        Delete
      </Button>
      <Confirm
        opened={asked}
        title="Delete this run?"
        yes="Delete the run"
        busy={remove.isPending}
        onYes={() => remove.mutate()}
        onNo={() => setAsked(false)}
      >
        Its results, report, traces and console go, for everybody and for good.
        {isOver(status) ? null : " It is still under way and will be stopped."}
      </Confirm>
    </>
  );
}
