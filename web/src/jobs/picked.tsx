/** The tests of a job in their order: by pointer, by buttons, and by keys on the handle. */
import { ActionIcon, Box, Group, Text, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical, IconX } from "@tabler/icons-react";
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useRef, useState } from "react";
import type { Picked } from "./draft";
import classes from "./jobs.module.css";
import { moved } from "./order";
import { ROW, Rows } from "./rows";

export const PickedTests = memo(function PickedTests({
  tests,
  faults,
  change,
}: {
  tests: readonly Picked[];
  /** What is wrong with the test at a place. */
  faults: ReadonlyMap<number, string>;
  change: (how: (tests: readonly Picked[]) => readonly Picked[]) => void;
}) {
  const [said, setSaid] = useState("");
  const [inView, setInView] = useState<number>();
  const drag = useDrag((from, to) => change((list) => moved(list, from, to)));

  const move = (from: number, to: number) => {
    const place = Math.max(0, Math.min(tests.length - 1, to));
    if (place !== from) {
      change((list) => moved(list, from, place));
      setInView(place);
      setSaid(`“${tests[from]?.title}” is now number ${place + 1} of ${tests.length}.`);
    }
  };
  const remove = (place: number) => {
    change((list) => list.filter((_, at) => at !== place));
    setSaid(`“${tests[place]?.title}” was taken out. ${tests.length - 1} are left.`);
  };
  const onKey = (event: KeyboardEvent, place: number) => {
    const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: tests.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      move(place, to);
    }
  };

  return (
    <>
      <Rows items={tests} label="Tests of the job, in their order" inView={inView} most={9}>
        {(test, place) => (
          <Group
            gap={4}
            wrap="nowrap"
            w="100%"
            h="100%"
            className={drag.held === place ? classes.held : ""}
            data-place={place}
          >
            <ActionIcon
              variant="subtle"
              color="gray"
              className={classes.handle}
              aria-label={`Move ${test.title}: arrow keys, Home and End`}
              onKeyDown={(event) => onKey(event, place)}
              onPointerDown={(event) => drag.start(event, place, tests.length)}
            >
              <IconGripVertical size={16} />
            </ActionIcon>
            <Text size="sm" c="dimmed" w={28} ta="right" style={{ flex: "none" }}>
              {place + 1}
            </Text>
            <Box style={{ flex: 1, minWidth: 0 }} px={4}>
              <Text size="sm" truncate title={test.title}>
                {test.title}
              </Text>
              {faults.has(place) ? (
                <Text size="xs" c="var(--status-failed)" truncate>
                  {faults.get(place)}
                </Text>
              ) : null}
            </Box>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Move ${test.title} up`}
              disabled={place === 0}
              onClick={() => move(place, place - 1)}
            >
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Move ${test.title} down`}
              disabled={place === tests.length - 1}
              onClick={() => move(place, place + 1)}
            >
              <IconArrowDown size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Take ${test.title} out`}
              onClick={() => remove(place)}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        )}
      </Rows>
      <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>
    </>
  );
});

/** Let a row be dragged: as all are of one height, how far the pointer went says where to. */
function useDrag(move: (from: number, to: number) => void) {
  const [held, setHeld] = useState<number>();
  const stop = useRef<() => void>(undefined);
  const latest = useRef(move);
  latest.current = move;
  useEffect(() => () => stop.current?.(), []);

  const start = (event: PointerEvent, place: number, length: number) => {
    if (event.button !== 0) {
      return;
    }
    const ground = event.currentTarget.closest("ul");
    let at = place;
    setHeld(place);
    // On the window: the row that is held may be put elsewhere in the document while it moves.
    const follow = (moving: globalThis.PointerEvent) => {
      const over = Math.floor((moving.clientY - (ground?.getBoundingClientRect().top ?? 0)) / ROW);
      const to = Math.max(0, Math.min(length - 1, over));
      if (to !== at) {
        latest.current(at, to);
        at = to;
        setHeld(to);
      }
    };
    stop.current = () => {
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    const end = () => {
      stop.current?.();
      setHeld(undefined);
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  };
  return { held, start };
}
