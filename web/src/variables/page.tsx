/** The workspace's variables. */
import { Card, Code } from "@mantine/core";
import { Page } from "../parts/page";
import { Variables } from "./variables";

export function VariablesPage() {
  return (
    <Page
      title="Variables"
      about={
        <>
          What every script of the workspace reads as <Code>process.env.NAME</Code>. A job can have its own in their
          place.
        </>
      }
    >
      <Card withBorder padding="md">
        <Variables job={undefined} />
      </Card>
    </Page>
  );
}
