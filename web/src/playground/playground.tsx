/** Write a script, run it, watch it, read its report: all on one page. */
import { Alert, Box, Button, Text } from "@mantine/core";
import { useDisclosure, useHotkeys, useMediaQuery } from "@mantine/hooks";
import { IconAlertCircle, IconEye, IconPlayerPlay } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Editor } from "../editor/editor";
import { languageOf } from "../editor/language";
import { marksOf } from "../editor/marks";
import { Confirm } from "../parts/confirm";
import { useMay } from "../parts/may";
import { Empty, Page } from "../parts/page";
import { refusal } from "../parts/refusal";
import { faultsOf } from "../tests/writing";
import { FRESH, isChanged } from "./draft";
import { LivePanel } from "./live-panel";
import { Options } from "./options";
import classes from "./playground.module.css";
import { useRunDraft } from "./run-draft";
import { SaveAsTest } from "./save";
import type { Template } from "./templates";
import { Tools } from "./tools";
import { useDraft } from "./use-draft";
import { useWatched } from "./watched";

export function Playground() {
  const [draft, change] = useDraft();
  const [watched, watch] = useWatched();
  const roomy = useMediaQuery("(min-width: 62em)", window.matchMedia("(min-width: 62em)").matches);
  const [options, setOptions] = useState<boolean>();
  const [wide, setWide] = useState(false);
  const [saving, { open: save, close: saved }] = useDisclosure(false);
  const [asked, setAsked] = useState<Template | "new">();
  const start = useRunDraft(watch);
  const marks = useMemo(() => marksOf(start.error), [start.error]);
  const faults = faultsOf(start.error);
  const optionsOpened = options ?? (roomy && !watched);
  const edits = useMay("editor");

  const run = () => {
    if (edits && !start.isPending) {
      setOptions(false);
      start.mutate(draft, { onError: (error) => setOptions(Object.keys(faultsOf(error)).length > 0) });
    }
  };
  useHotkeys([["mod+Enter", run]], []);
  const edit = (part: Parameters<typeof change>[0]) => {
    change(part);
    if (start.error) {
      start.reset();
    }
  };
  const begin = (what: Template | "new") => edit(what === "new" ? FRESH : { script: what.script });
  const ask = (what: Template | "new") => (isChanged(draft) ? setAsked(what) : begin(what));

  return (
    <Page
      title="Playground"
      actions={<Tools choose={ask} save={save} run={run} starting={start.isPending} empty={!draft.script.trim()} />}
    >
      {edits ? null : (
        <Alert variant="light" icon={<IconEye />} p="xs">
          You may look, and try things in the editor: running and saving take the role of an editor, which an owner of
          the workspace can give you.
        </Alert>
      )}
      <Box className={classes.whole} data-wide={(wide && watched !== undefined) || undefined}>
        <Editor
          className={classes.editor}
          label="Script"
          value={draft.script}
          language={languageOf(draft.script)}
          onChange={(script) => edit({ script })}
          {...(edits ? { onRun: run, onSave: save } : {})}
          marks={marks}
        />
        <Box className={classes.side}>
          {start.error ? (
            <Alert
              color="red"
              variant="light"
              icon={<IconAlertCircle />}
              role="alert"
              title={marks.length ? "The script cannot be run as it is" : refusal(start.error, "It did not start")}
            >
              <Text size="sm">{start.error.message}</Text>
            </Alert>
          ) : null}
          {edits ? (
            <Options
              draft={draft}
              change={edit}
              opened={optionsOpened}
              toggle={() => setOptions(!optionsOpened)}
              faults={faults}
            />
          ) : null}
          {watched ? (
            <LivePanel key={watched.id} watched={watched} wide={wide} setWide={setWide} onSave={save} />
          ) : (
            <Empty
              icon={IconPlayerPlay}
              title="Nothing ran here yet"
              action={
                edits ? (
                  <Button variant="light" onClick={run} loading={start.isPending}>
                    Run the script
                  </Button>
                ) : null
              }
            >
              Each test and step shows here as it happens, then the report.
            </Empty>
          )}
        </Box>
      </Box>
      <SaveAsTest title={draft.title} script={draft.script} opened={saving} close={saved} />
      <Confirm
        opened={asked !== undefined}
        title="Throw the draft away?"
        yes="Throw it away"
        onNo={() => setAsked(undefined)}
        onYes={() => {
          if (asked) {
            begin(asked);
          }
          setAsked(undefined);
        }}
      >
        {asked === "new"
          ? "The script and its options go back to the beginning."
          : `The script “${asked?.name}” takes the place of what you wrote. The options stay.`}
      </Confirm>
    </Page>
  );
}
