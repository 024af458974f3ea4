/** One job: what it is made of, when it runs, how it went. */
import { Button, Card, Grid, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconListDetails, IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { ProblemError } from "../api/problem";
import { jobQuery } from "../api/queries";
import type { Job } from "../api/types";
import { useMay } from "../parts/may";
import { Failure, Page } from "../parts/page";
import { Variables } from "../variables/variables";
import { Consists } from "./consists";
import { DeleteJob } from "./delete";
import { JobRuns } from "./job-runs";
import { NoJob } from "./none";
import { RunNow } from "./run-now";
import { ScheduleSection } from "./schedule-section";
import { Settings } from "./settings";
import { TriggerKeys } from "./triggers";

export function JobPage() {
  const { id = "" } = useParams();
  const job = useQuery(jobQuery(id));
  if (job.error instanceof ProblemError && job.error.status === 404) {
    return <NoJob />;
  }
  return (
    <Page
      title={job.data?.name ?? "Job"}
      heading={job.data?.name ?? <Skeleton component="span" display="block" height={26} width={220} />}
      about={
        job.data?.description ? (
          <Text inherit style={{ whiteSpace: "pre-wrap" }}>
            {job.data.description}
          </Text>
        ) : null
      }
      actions={job.data ? <Actions job={job.data} /> : <Skeleton height={36} width={290} />}
    >
      {job.error && !job.data ? <Failure error={job.error} retry={() => void job.refetch()} /> : null}
      {job.data ? <Sections job={job.data} /> : job.error ? null : <Placeholder />}
    </Page>
  );
}

function Actions({ job }: { job: Job }) {
  const [deleting, { open, close }] = useDisclosure(false);
  const navigate = useNavigate();
  const edits = useMay("editor");
  const owns = useMay("owner");
  if (!edits) {
    return null;
  }
  return (
    <>
      <RunNow job={job} />
      <Button
        variant="default"
        component={Link}
        to={`/jobs/${job.id}/edit`}
        leftSection={<IconPencil size={16} aria-hidden />}
      >
        Edit
      </Button>
      {owns ? (
        <Button
          variant="default"
          component={Link}
          to={`/audit?target=${job.id}`}
          leftSection={<IconListDetails size={16} aria-hidden />}
        >
          History
        </Button>
      ) : null}
      <Button variant="default" onClick={open} leftSection={<IconTrash size={16} aria-hidden />}>
        Delete
      </Button>
      <DeleteJob job={job} opened={deleting} close={close} onGone={async () => navigate("/jobs")} />
    </>
  );
}

function Sections({ job }: { job: Job }) {
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack gap="lg">
          <Section title="Last runs" aside={<All to={`/runs?job=${job.id}`}>All its runs</All>}>
            <JobRuns id={job.id} />
          </Section>
          <Section title="Tests">
            <Consists ids={job.tests} />
          </Section>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Stack gap="lg">
          <Section title="Schedule">
            <ScheduleSection job={job} />
          </Section>
          <Section title="How it runs">
            <Settings job={job} />
          </Section>
          <Section title="Variables">
            <Variables job={job.id} />
          </Section>
          <Section title="From outside">
            <TriggerKeys job={job} />
          </Section>
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Card>
  );
}

function All({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Button component={Link} to={to} variant="subtle" size="compact-sm">
      {children}
    </Button>
  );
}

function Placeholder() {
  return (
    <Grid gap="lg" aria-busy="true" aria-label="Loading">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Skeleton height={420} radius="md" />
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <Skeleton height={420} radius="md" />
      </Grid.Col>
    </Grid>
  );
}
