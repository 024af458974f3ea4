/** What the API says about an expression: its sentence, where, and what to write instead. */
import { Button, Code, Stack } from "@mantine/core";
import type { Fault } from "../../api/problem";
import classes from "../jobs.module.css";

/** The sentence, under the expression with the part that it is about. */
export function Wrong({ text, fault }: { text: readonly [string, string, string]; fault: Fault }) {
  const [before, part, after] = text;
  return (
    <Stack gap={4} component="span">
      <span>{fault.message}</span>
      {part ? (
        <Code style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {before}
          <mark className={classes.wrong}>{part}</mark>
          {after}
        </Code>
      ) : null}
    </Stack>
  );
}

/** A button that takes what the API suggests. */
export function Suggestion({ better, take }: { better: string | undefined; take: (text: string) => void }) {
  return better === undefined ? null : (
    <Button variant="light" size="compact-sm" w="fit-content" onClick={() => take(better)}>
      Write{" "}
      <Code ml={4} component="span">
        {better}
      </Code>
    </Button>
  );
}
