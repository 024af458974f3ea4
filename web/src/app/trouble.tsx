/** What is shown when a page cannot be. */
import { Anchor, Button, Container, Stack, Text, Title } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { Link, useRouteError } from "react-router";
import { Empty, Page } from "../parts/page";

export function NotFound() {
  return (
    <Page title="Not here">
      <Empty
        icon={IconMapQuestion}
        title="There is no such page"
        action={
          <Button component={Link} to="/">
            Go to the dashboard
          </Button>
        }
      >
        The address may have a slip in it, or is from another version of Matinee.
      </Empty>
    </Page>
  );
}

export function Trouble() {
  const error = useRouteError();
  // A page's code is fetched when it is first opened; after an upgrade the old names are gone.
  const stale = error instanceof TypeError && /import|module|fetch/i.test(error.message);
  return (
    <Container size="sm" py="xl" component="main">
      <Stack>
        <Title order={1} size="h2">
          {stale ? "This page could not be loaded" : "This page broke"}
        </Title>
        <Text>
          {stale
            ? "Matinee was upgraded meanwhile, or is not running. Loading it again helps in the first case."
            : "That is our mistake. Nothing that was saved or runs is touched by it."}
        </Text>
        {stale ? null : <Text ff="monospace">{error instanceof Error ? error.message : String(error)}</Text>}
        <Button onClick={() => window.location.reload()} w="fit-content">
          Load it again
        </Button>
        <Anchor href="/">Go to the dashboard</Anchor>
      </Stack>
    </Container>
  );
}
