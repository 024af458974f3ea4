/** The code editor. It loads with the first page that shows one, and keeps its place meanwhile. */
import { Box, Kbd, Skeleton, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { Language } from "../api/types";
import classes from "./editor.module.css";
import type { Mark } from "./marks";

const Code = lazy(() => import("./code"));

export interface EditorProps {
  /** What is edited, for those who do not see it. */
  label: string;
  value: string;
  language?: Language;
  onChange?: (value: string) => void;
  /** Ctrl or Cmd with Enter. */
  onRun?: () => void;
  /** Ctrl or Cmd with S. */
  onSave?: () => void;
  /** What our own parser found wrong. */
  marks?: readonly Mark[];
  readOnly?: boolean;
  /** As tall as a class of the page makes it; 320 px at least. */
  className?: string | undefined;
}

export function Editor({ className, ...props }: EditorProps) {
  return (
    <Box className={`${classes.whole} ${className ?? ""}`}>
      <Box className={classes.frame}>
        <Suspense fallback={<Skeleton h="100%" radius={0} role="status" aria-label="The editor is loading" />}>
          <Code {...props} />
        </Suspense>
      </Box>
      <Text size="xs" c="dimmed" mt={4} visibleFrom="sm">
        {props.readOnly ? (
          "It is only to read."
        ) : (
          <>
            Tab indents; <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">M</Kbd> lets it leave the editor.
          </>
        )}
        {props.onRun ? (
          <>
            {" "}
            <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">Enter</Kbd> runs.
          </>
        ) : null}
        {props.onSave ? (
          <>
            {" "}
            <Kbd size="xs">Ctrl</Kbd> + <Kbd size="xs">S</Kbd> saves.
          </>
        ) : null}
      </Text>
    </Box>
  );
}
