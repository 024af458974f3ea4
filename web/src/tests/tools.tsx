/** What one can do with a test. */
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconDeviceFloppy,
  IconDots,
  IconListDetails,
  IconPlayerPlay,
  IconStack2,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { SavedTest } from "../api/types";
import { complain, runTest } from "../live/start";
import { useMay } from "../parts/may";
import { DeleteTest } from "./delete";

export function TestTools({
  test,
  dirty,
  saving,
  save,
  named,
}: {
  test: SavedTest | undefined;
  dirty: boolean;
  saving: boolean;
  save: () => void;
  named: boolean;
}) {
  const run = useMutation({ mutationFn: runTest, onError: complain });
  const [deleting, setDeleting] = useState(false);
  const edits = useMay("editor");
  const owns = useMay("owner");
  if (!edits) {
    return null;
  }
  return (
    <>
      {test ? (
        <Tooltip label="It runs as it was last saved, without what you changed since" disabled={!dirty}>
          <Button
            variant="default"
            loading={run.isPending}
            onClick={() => run.mutate(test)}
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
          >
            {dirty ? "Run what is saved" : "Run"}
          </Button>
        </Tooltip>
      ) : null}
      <Button
        onClick={save}
        loading={saving}
        disabled={!named || (test !== undefined && !dirty)}
        leftSection={<IconDeviceFloppy size={16} aria-hidden />}
      >
        Save
      </Button>
      {test ? (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size="input-sm" aria-label="More">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              component={Link}
              to={`/jobs/new?tests=${test.id}`}
              leftSection={<IconStack2 size={16} aria-hidden />}
            >
              Make a job of it
            </Menu.Item>
            {owns ? (
              <Menu.Item
                component={Link}
                to={`/audit?target=${test.id}`}
                leftSection={<IconListDetails size={16} aria-hidden />}
              >
                History
              </Menu.Item>
            ) : null}
            <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setDeleting(true)}>
              Delete
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : null}
      {test ? <DeleteTest test={test} opened={deleting} close={() => setDeleting(false)} /> : null}
    </>
  );
}
