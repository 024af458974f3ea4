/** There is no such job, or not any more. */
import { Button } from "@mantine/core";
import { IconStack2 } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty, Page } from "../parts/page";

export function NoJob() {
  return (
    <Page title="No such job">
      <Empty
        icon={IconStack2}
        title="There is no such job"
        action={
          <Button component={Link} to="/jobs">
            All jobs
          </Button>
        }
      >
        It was deleted, or the address has a slip in it.
      </Empty>
    </Page>
  );
}
