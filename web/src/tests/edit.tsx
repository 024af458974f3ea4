/** Writes a test: what it is called, and its script. */
import { Alert, Box, Button, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconAlertCircle } from "@tabler/icons-react";
import { useMemo } from "react";
import type { SavedTest } from "../api/types";
import { Editor } from "../editor/editor";
import { languageOf } from "../editor/language";
import { marksOf } from "../editor/marks";
import { LeaveGuard } from "../parts/leave";
import { useMay } from "../parts/may";
import { Page } from "../parts/page";
import { When } from "../parts/when";
import { About } from "./about";
import { Conflict } from "./conflict";
import { TestFields } from "./fields";
import { Recent } from "./recent";
import classes from "./tests.module.css";
import { TestTools } from "./tools";
import { useWriting } from "./use-writing";
import { Versions } from "./versions";
import type { Writing } from "./writing";
import { faultsOf } from "./writing";

export function Edit({ test, fresh }: { test: SavedTest; fresh?: never } | { test?: never; fresh: Writing }) {
  const { writing, change, dirty, save, theirs, loadTheirs, saveOver, mine, takeMine, version } = useWriting(
    test,
    fresh,
  );
  const marks = useMemo(() => marksOf(save.error), [save.error]);
  const faults = faultsOf(save.error);
  const edits = useMay("editor");
  const store = () => {
    if (edits && !save.isPending && (dirty || !test)) {
      save.mutate(undefined);
    }
  };
  useHotkeys([["mod+S", store]], []);
  const refused = save.error && !theirs;
  return (
    <Page
      title={test ? test.title : "New test"}
      about={
        test ? (
          <>
            Version {version}, {test.language === "javascript" ? "JavaScript" : "TypeScript"}, changed{" "}
            <When at={test.updatedAt} />
            {dirty ? " · not saved" : ""}
          </>
        ) : (
          "A script that is kept, has versions, and can be put into jobs."
        )
      }
      actions={
        <TestTools
          test={test}
          dirty={dirty}
          saving={save.isPending}
          save={store}
          named={Boolean(writing.title.trim())}
        />
      }
    >
      {mine ? (
        <Alert variant="light" title="This is what the other one saved">
          <Stack gap="xs" align="flex-start">
            <Text size="sm">What you had written is still here.</Text>
            <Button size="xs" variant="default" onClick={takeMine}>
              Put mine back
            </Button>
          </Stack>
        </Alert>
      ) : null}
      {refused ? (
        <Alert
          color="red"
          variant="light"
          icon={<IconAlertCircle />}
          role="alert"
          title={marks.length ? "The script cannot be saved as it is" : "It was not saved"}
        >
          <Text size="sm">{save.error?.message}</Text>
        </Alert>
      ) : null}
      <Box className={classes.whole}>
        <Editor
          className={classes.editor}
          label={`Script of ${writing.title || "the new test"}`}
          value={writing.script}
          language={languageOf(writing.script)}
          onChange={(script) => change({ script })}
          {...(edits ? { onSave: store } : { readOnly: true })}
          marks={marks}
        />
        <Stack>
          <Paper withBorder p="sm">
            {edits ? (
              <Stack gap="sm">
                <TestFields value={writing} change={change} faults={faults} />
                <TextInput
                  label="Path"
                  description="The file that it comes from, as matinee tests push names it"
                  placeholder="shop/cart.spec.ts"
                  value={writing.path}
                  onChange={(event) => change({ path: event.currentTarget.value })}
                  error={faults.path}
                />
              </Stack>
            ) : (
              <About of={writing} />
            )}
          </Paper>
          {test ? (
            <>
              <Recent results={test.recent} />
              <Versions test={test} restore={edits ? (script) => change({ script }) : undefined} />
            </>
          ) : null}
        </Stack>
      </Box>
      <Conflict theirs={theirs} busy={save.isPending} load={loadTheirs} over={saveOver} cancel={() => save.reset()} />
      <LeaveGuard when={dirty} />
    </Page>
  );
}
