/** What was printed, line by line. It has only the lines in sight in the page, and stays at the end unless one scrolls up. */
import { Button, Text } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { plain } from "./ansi";
import classes from "./console.module.css";

export interface Line {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

const LINE_PX = 18;
const PAD_PX = 8;
/** So near the end is at the end. */
const NEAR_PX = LINE_PX * 1.5;

export function ConsoleView({
  lines,
  height,
  empty = "Nothing was printed.",
}: {
  /** May grow in place. */
  lines: readonly Line[];
  /** A CSS length. */
  height: number | string;
  empty?: ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [behind, setBehind] = useState(false);
  const count = lines.length;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
    paddingStart: PAD_PX,
    paddingEnd: PAD_PX,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: with each new line, to the new end
  useLayoutEffect(() => {
    if (follows.current) {
      toEnd(scroller.current);
    }
  }, [count]);

  const scrolled = () => {
    const at = scroller.current;
    if (at) {
      follows.current = at.scrollHeight - at.scrollTop - at.clientHeight <= NEAR_PX;
      setBehind(!follows.current);
    }
  };

  if (count === 0) {
    return (
      <div className={`${classes.frame} ${classes.empty}`} style={{ height }}>
        <Text size="sm" c="dimmed" component="div">
          {empty}
        </Text>
      </div>
    );
  }
  return (
    <div className={classes.frame} style={{ height }}>
      <div
        ref={scroller}
        className={classes.scroller}
        onScroll={scrolled}
        role="log"
        aria-label="Console"
        aria-live="off" // thousands of lines are not for reading aloud unasked
        // biome-ignore lint/a11y/noNoninteractiveTabindex: one scrolls it with the keys
        tabIndex={0}
      >
        <div className={classes.all} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ key, index, start }) => (
            <div
              key={key}
              className={classes.line}
              data-stream={lines[index]?.stream}
              style={{ transform: `translateY(${start}px)` }}
            >
              {plain(lines[index]?.text ?? "")}
            </div>
          ))}
        </div>
      </div>
      {behind ? (
        <Button
          className={classes.follow}
          size="compact-xs"
          leftSection={<IconArrowDown size={14} aria-hidden />}
          onClick={() => {
            follows.current = true;
            toEnd(scroller.current);
          }}
        >
          To the end
        </Button>
      ) : null}
    </div>
  );
}

function toEnd(element: HTMLElement | null): void {
  element?.scrollTo({ top: element.scrollHeight });
}
