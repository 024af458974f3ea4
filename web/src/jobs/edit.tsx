/** The pages on which jobs are written. */
import { Anchor, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ProblemError } from "../api/problem";
import { jobQuery } from "../api/queries";
import type { Job } from "../api/types";
import { Failure, Page } from "../parts/page";
import { BLANK, draftOf } from "./draft";
import { JobForm } from "./form";
import { NoJob } from "./none";
import { namedQuery } from "./queries";
import { pickedOf } from "./save";

/** Write a new job; `?tests=id,id` puts tests into it. */
export function NewJob() {
  const [search] = useSearchParams();
  const [ids] = useState(() => (search.get("tests") ?? "").split(",").filter(Boolean));
  const named = useQuery(namedQuery(ids));
  return (
    <Page title="New job" about="Saved tests that run together.">
      {named.error ? <Failure error={named.error} retry={() => void named.refetch()} /> : null}
      {named.data || ids.length === 0 ? (
        <JobForm
          initial={{
            ...BLANK,
            tests: pickedOf(
              ids.filter((id) => named.data?.has(id)),
              named.data,
            ),
          }}
        />
      ) : named.error ? null : (
        <Sheets />
      )}
    </Page>
  );
}

export function EditJob() {
  const { id = "" } = useParams();
  return <Editing key={id} id={id} />;
}

function Editing({ id }: { id: string }) {
  const job = useQuery(jobQuery(id));
  // What is read again later does not touch what is written here; what was read before may be old.
  const [seen, setSeen] = useState<Job>();
  if (!seen && job.data && !job.isFetching) {
    setSeen(job.data);
  }
  const named = useQuery(namedQuery(seen?.tests ?? []));
  const error = job.error ?? named.error;
  if (error instanceof ProblemError && error.status === 404 && !seen) {
    return <NoJob />;
  }
  const ready = seen && (named.data || seen.tests.length === 0);
  return (
    <Page
      title={seen ? `Edit ${seen.name}` : "Edit job"}
      about={
        <Anchor component={Link} to={`/jobs/${id}`} inherit>
          Back to the job
        </Anchor>
      }
    >
      {ready ? (
        <JobForm initial={draftOf(seen, pickedOf(seen.tests, named.data))} job={seen} />
      ) : error ? (
        <Failure error={error} retry={() => void (job.error ? job : named).refetch()} />
      ) : (
        <Sheets />
      )}
    </Page>
  );
}

function Sheets() {
  return (
    <Stack gap="lg" aria-busy="true" role="status" aria-label="Loading">
      <Skeleton height={230} radius="md" />
      <Skeleton height={520} radius="md" />
      <Skeleton height={260} radius="md" />
    </Stack>
  );
}
