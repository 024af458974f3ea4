/** A job, new or known, while somebody writes it. */
import { Button, Card, Group, SimpleGrid, Stack, Switch, Text, Textarea, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { Job } from "../api/types";
import { count } from "../parts/format";
import { LeaveGuard } from "../parts/leave";
import { Failure } from "../parts/page";
import { Conflict, Restored } from "./conflict";
import { type Draft, differences, type Faults, type Picked, without } from "./draft";
import { How } from "./how";
import classes from "./jobs.module.css";
import { PickedTests } from "./picked";
import { Picker } from "./picker";
import { useSave } from "./save";
import { ScheduleFields } from "./schedule-fields";

export function JobForm({ initial, job }: { initial: Draft; job?: Job }) {
  const [draft, setDraft] = useState(initial);
  const [start, setStart] = useState(initial);
  const [aside, setAside] = useState<Draft>();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const saving = useSave(job);
  const { setFaults } = saving;
  const dirty = useMemo(() => differences(start, draft).length > 0, [start, draft]);

  const change = useCallback(
    (part: Partial<Draft>) => {
      setDraft((was) => ({ ...was, ...part }));
      setFaults((was) => without(was, [...Object.keys(part), ...(part.timing ? ["schedule"] : [])]));
    },
    [setFaults],
  );
  const changeTests = useCallback(
    (how: (tests: readonly Picked[]) => readonly Picked[]) => {
      setDraft((was) => ({ ...was, tests: how(was.tests) }));
      setFaults((was) => without(was, ["tests"]));
    },
    [setFaults],
  );

  const save = async (over: "seen" | "newest" | "new" = "seen") => {
    const saved = await saving.save(draft, over);
    if (saved) {
      notifications.show({ color: "teal", title: "Saved", message: saved.name });
      setStart(draft); // nothing is unsaved now
      setLeaveTo(`/jobs/${saved.id}`);
    }
  };
  // In an effect, so that the guard has seen that all is saved.
  const [leaveTo, setLeaveTo] = useState<string>();
  useEffect(() => {
    if (leaveTo && !dirty) {
      void navigate(leaveTo);
    }
  }, [leaveTo, dirty, navigate]);

  const { faults } = saving;
  useEffect(() => {
    if (saving.refused) {
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-fault]')?.focus();
    }
  }, [saving.refused]);

  const inTests = useMemo(() => byPlace(faults), [faults]);
  const testsFault = faults.tests?.message ?? (inTests.size ? "Some of these tests cannot be taken." : undefined);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Stack gap="lg">
        {aside ? (
          <Restored
            back={() => {
              setDraft(aside);
              setAside(undefined);
            }}
          />
        ) : null}
        <Part title="What it is">
          <Stack>
            <TextInput
              label="Name"
              placeholder="Nightly"
              value={draft.name}
              error={faults.name?.message}
              onChange={(event) => change({ name: event.currentTarget.value })}
              maxLength={200}
              required
              maw={480}
            />
            <Textarea
              label="Description"
              placeholder="What it is for, and whom to ask."
              value={draft.description}
              error={faults.description?.message}
              onChange={(event) => change({ description: event.currentTarget.value })}
              maxLength={5_000}
              autosize
              minRows={2}
              maw={720}
            />
          </Stack>
        </Part>
        <Part title="Tests" about="They begin in this order, and several may run at once.">
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <Stack gap="xs">
              <Text size="sm" fw={600}>
                In the job: {count(draft.tests.length, "test")}
              </Text>
              {testsFault ? (
                <Text size="sm" c="var(--status-failed)" role="alert" tabIndex={-1} data-fault>
                  {testsFault}
                </Text>
              ) : null}
              {draft.tests.length ? (
                <PickedTests tests={draft.tests} faults={inTests} change={changeTests} />
              ) : (
                <Text size="sm" c="dimmed" py="md">
                  None yet. Tick some of the saved tests; they come here in the order in which you tick them.
                </Text>
              )}
            </Stack>
            <Stack gap="xs">
              <Text size="sm" fw={600}>
                Saved tests
              </Text>
              <Picker tests={draft.tests} change={changeTests} />
            </Stack>
          </SimpleGrid>
        </Part>
        <Part title="How they run">
          <How draft={draft} faults={faults} change={change} />
        </Part>
        <Part title="When">
          <Stack>
            <Switch
              label="Run by itself, on a schedule"
              description={draft.scheduled ? "" : "Off: it runs when you, a trigger key or the command line start it."}
              checked={draft.scheduled}
              onChange={(event) => change({ scheduled: event.currentTarget.checked })}
            />
            {draft.scheduled ? (
              <ScheduleFields
                key={aside ? "theirs" : "mine"}
                timing={draft.timing}
                faults={faults}
                change={(part) => change({ timing: { ...draft.timing, ...part } })}
              />
            ) : null}
          </Stack>
        </Part>
        {saving.error ? <Failure error={saving.error} /> : null}
        {saving.gone ? (
          <Button variant="default" w="fit-content" onClick={() => void save("new")}>
            Save it as a new job
          </Button>
        ) : null}
      </Stack>
      <Group className={classes.bottom} mt="lg" justify="space-between">
        <Text size="sm" c="dimmed" aria-live="polite">
          {Object.keys(faults).length
            ? "Something is not right yet; it is marked above."
            : dirty
              ? "Not saved yet."
              : ""}
        </Text>
        <Group gap="xs">
          <Button variant="default" component={Link} to={job ? `/jobs/${job.id}` : "/jobs"}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.busy}>
            {job ? "Save" : "Create the job"}
          </Button>
        </Group>
      </Group>
      <LeaveGuard when={dirty} />
      {saving.theirs ? (
        <Conflict
          theirs={saving.theirs}
          differ={differences(saving.theirs.draft, draft)}
          busy={saving.busy}
          load={() => {
            setAside(draft);
            if (saving.theirs) {
              setDraft(saving.theirs.draft);
              setStart(saving.theirs.draft);
            }
            saving.settle();
          }}
          over={() => void save("newest")}
          close={saving.dismiss}
        />
      ) : null}
    </form>
  );
}

function Part({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <Card withBorder padding="lg" component="section">
      <Title order={2} size="h4">
        {title}
      </Title>
      {about ? (
        <Text size="sm" c="dimmed">
          {about}
        </Text>
      ) : null}
      <Stack mt="md">{children}</Stack>
    </Card>
  );
}

/** What is wrong with single tests, by their places: `tests.3`. */
function byPlace(faults: Faults): ReadonlyMap<number, string> {
  const single = Object.values(faults).filter((fault) => fault.field.startsWith("tests."));
  return new Map(single.map((fault) => [Number(fault.field.split(".")[1]), fault.message]));
}
