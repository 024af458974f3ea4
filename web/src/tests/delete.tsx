/** Deletes a test; if jobs have it, only when that was seen, too. */
import { Anchor, List, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { cache, testQuery } from "../api/queries";
import type { SavedTest } from "../api/types";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import { count } from "../parts/format";
import { SETTLED } from "../parts/leave";

interface Named {
  readonly id: string;
  readonly name: string;
}

export function DeleteTest({ test, opened, close }: { test: SavedTest; opened: boolean; close: () => void }) {
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: (force: boolean) =>
      body(api.DELETE("/api/tests/{test_id}", { params: { path: { test_id: test.id }, query: { force } } })),
    onSuccess: () => gone("Deleted"),
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 404) {
        gone("It was gone already");
      } else if (jobsOf(error).length === 0) {
        complain(error);
        leave();
      }
    },
  });
  const jobs = jobsOf(remove.error);
  const leave = () => {
    close();
    remove.reset();
  };
  const gone = (title: string) => {
    leave();
    notifications.show({ title, message: test.title, color: "gray" });
    navigate("/tests", { state: SETTLED });
    cache.removeQueries({ queryKey: testQuery(test.id).queryKey });
    void cache.invalidateQueries({ queryKey: ["tests"] });
    void cache.invalidateQueries({ queryKey: ["jobs"] });
  };
  return (
    <>
      <Confirm
        opened={opened && jobs.length === 0}
        title={`Delete “${test.title}”?`}
        yes="Delete the test"
        busy={remove.isPending}
        onNo={leave}
        onYes={() => remove.mutate(false)}
      >
        The test and its {count(test.version, "version")} go for good. Its runs and their reports stay.
      </Confirm>
      <Confirm
        opened={opened && jobs.length > 0}
        title={`${count(jobs.length, "job")} ${jobs.length === 1 ? "has" : "have"} this test`}
        yes="Take it out of them and delete it"
        busy={remove.isPending}
        onNo={leave}
        onYes={() => remove.mutate(true)}
      >
        <List size="sm" mb="sm">
          {jobs.map((job) => (
            <List.Item key={job.id}>
              <Anchor component={Link} to={`/jobs/${job.id}`} size="sm">
                {job.name}
              </Anchor>
            </List.Item>
          ))}
        </List>
        <Text size="sm">They run without it from then on.</Text>
      </Confirm>
    </>
  );
}

/** Give the jobs because of which the API would not delete it. */
function jobsOf(error: unknown): readonly Named[] {
  if (!(error instanceof ProblemError) || error.status !== 409) {
    return [];
  }
  return Array.isArray(error.more.jobs) ? (error.more.jobs as Named[]) : [];
}
