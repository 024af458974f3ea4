/** There is no test yet: the ways to have one. */
import { Button, Code, Group } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../parts/may";
import { Empty } from "../parts/page";

export function NoTests() {
  const edits = useMay("editor");
  if (!edits) {
    return (
      <Empty icon={IconListCheck} title="No tests yet">
        What editors of this workspace save stands here, with its last results.
      </Empty>
    );
  }
  return (
    <Empty
      icon={IconListCheck}
      title="No tests yet"
      action={
        <Group gap="xs" justify="center">
          <Button component={Link} to="/playground">
            Open the playground
          </Button>
          <Button component={Link} to="/tests/new" variant="default">
            Write one here
          </Button>
        </Group>
      }
    >
      Try a script in the playground and save it, or bring a folder of them: <Code>matinee tests push DIR</Code>
    </Empty>
  );
}
