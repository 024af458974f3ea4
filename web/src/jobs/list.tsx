/** All jobs: how they went, when they come next. */
import { Button, Group, Skeleton, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconPlus, IconSearch, IconStack2 } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useMay } from "../parts/may";
import { Empty, Failure, Page } from "../parts/page";
import classes from "./jobs.module.css";
import { jobsQuery } from "./queries";
import { JobRow } from "./row";

export function JobList() {
  const [params, setParams] = useSearchParams();
  const search = params.get("search") ?? "";
  const [text, setText] = useState(search);
  const look = useDebouncedCallback(
    (wanted: string) => setParams(wanted ? { search: wanted } : {}, { replace: true }),
    250,
  );
  const jobs = useInfiniteQuery(jobsQuery(search));
  const items = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  const none = jobs.data !== undefined && items.length === 0;
  const edits = useMay("editor");
  const create = edits ? (
    <Button component={Link} to="/jobs/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New job
    </Button>
  ) : null;
  return (
    <Page
      title="Jobs"
      about="Tests that run together: when you say so, on a schedule, or from outside."
      actions={create}
    >
      {none && !search ? (
        <Empty icon={IconStack2} title="No jobs yet" action={create}>
          A job is a list of saved tests with one name: how many at once, how often to retry, and when to run by itself.
          Its runs have one report. From a folder of tests, <code>matinee tests push tests/ --job nightly</code> makes
          one.
        </Empty>
      ) : (
        <TextInput
          aria-label="Search jobs"
          placeholder="Search by name or description"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            look(event.currentTarget.value.trim());
          }}
          maw={360}
        />
      )}
      {jobs.error ? <Failure error={jobs.error} retry={() => void jobs.refetch()} /> : null}
      {jobs.isPending ? <Placeholder /> : null}
      {none && search ? (
        <Empty icon={IconSearch} title="No job fits">
          None has “{search}” in its name or description.
        </Empty>
      ) : null}
      {items.length ? (
        <Stack>
          <ul className={classes.jobs} aria-label="Jobs" aria-busy={jobs.isPlaceholderData}>
            {items.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
          {jobs.hasNextPage ? (
            <Group justify="center">
              <Button variant="default" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
                Load more
              </Button>
            </Group>
          ) : null}
        </Stack>
      ) : null}
    </Page>
  );
}

/** Rows as high as the real ones. */
function Placeholder() {
  return (
    <div className={classes.jobs} aria-busy="true" role="status" aria-label="Loading">
      {[1, 2, 3, 4].map((row) => (
        <div key={row} className={classes.job}>
          <div className={classes.name}>
            <Skeleton height={18} width="60%" my={4} />
            <Skeleton height={14} width="30%" my={3} />
          </div>
        </div>
      ))}
    </div>
  );
}
