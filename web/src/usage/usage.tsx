/** How much the workspace uses, and may. */
import { Alert, Button, Card, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal, IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { sessionQuery } from "../api/queries";
import type { Usage } from "../api/types";
import { again } from "../parts/format";
import { useMay } from "../parts/may";
import { Failure, Page, Waiting } from "../parts/page";
import { Gauge } from "./gauge";
import { LimitsDialog } from "./limits";
import { minutes, nextMonth, standing } from "./month";
import { usageQuery } from "./queries";

/** The workspace that there is from the beginning; its owners look after the installation (ADR 16, stores/keys.py). */
const FIRST_WORKSPACE = "00000000-0000-7000-8000-000000000001";

export function UsagePage() {
  const usage = useQuery({ ...usageQuery, refetchInterval: 5_000 });
  const { data: session } = useQuery({ ...sessionQuery, enabled: false });
  const [setting, { open, close }] = useDisclosure(false);
  const first = session?.workspace.id === FIRST_WORKSPACE;
  const sets = useMay("owner") && first;
  return (
    <Page
      title="Usage"
      about="What runs and waits now, and for how long tests have run this month."
      actions={
        sets && usage.data ? (
          <Button variant="default" onClick={open} leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}>
            Set limits
          </Button>
        ) : null
      }
    >
      {usage.error && !usage.data ? <Failure error={usage.error} retry={() => void usage.refetch()} /> : null}
      {usage.isPending ? <Waiting rows={2} height={150} /> : null}
      {usage.data ? <Figures usage={usage.data} /> : null}
      {usage.data ? (
        <Text size="sm" c="dimmed">
          {sets
            ? "As an owner of the installation's first workspace you set its limits here; those of other workspaces over the API."
            : "Whoever looks after this installation, an owner of its first workspace, sets the limits."}
        </Text>
      ) : null}
      {setting && usage.data && session ? (
        <LimitsDialog workspace={session.workspace} limits={usage.data.limits} close={close} />
      ) : null}
    </Page>
  );
}

function Figures({ usage }: { usage: Usage }) {
  const { limits, running, queued, runMinutes } = usage;
  const anew = again(nextMonth(usage), Date.now());
  return (
    <>
      {standing(runMinutes, limits.runMinutesPerMonth) === "full" ? (
        <Alert color="red" variant="light" icon={<IconAlertTriangle />} title="This month's minutes are used up">
          No run can begin until the next month does, {anew}. What is under way goes on.
        </Alert>
      ) : null}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Part title="Now">
          <Gauge name="Tests that run" used={running} most={limits.maxConcurrentTests} calm>
            {limits.maxConcurrentTests ? "What is more waits for its turn." : "As many as there are workers."}
          </Gauge>
          <Gauge name="Tests that wait" used={queued} most={limits.maxQueuedTests}>
            {typeof limits.maxQueuedTests === "number"
              ? "A run for which there is no room is refused, and may be tried again a little later."
              : "As many as come."}
          </Gauge>
        </Part>
        <Part title="This month">
          <Gauge
            name="Minutes for which tests ran"
            used={runMinutes}
            says={minutes(runMinutes)}
            most={limits.runMinutesPerMonth}
          >
            {typeof limits.runMinutesPerMonth === "number"
              ? `When they are used up, no run begins until the next month. They are counted anew ${anew}.`
              : `There is no limit. They are counted anew ${anew}.`}
          </Gauge>
          <Text size="sm">
            {limits.requestsPerMinute
              ? `Each key and member may make ${limits.requestsPerMinute.toLocaleString("en")} requests a minute.`
              : "Each key and member may make as many requests a minute as the installation allows."}
          </Text>
        </Part>
      </SimpleGrid>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section">
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      <Stack gap="md">{children}</Stack>
    </Card>
  );
}
