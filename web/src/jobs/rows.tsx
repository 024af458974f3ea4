/** A long list of rows of one height, of which only those in sight are there. */
import { Box } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import classes from "./jobs.module.css";

export const ROW = 48;

export function Rows<T extends { readonly id: string }>({
  items,
  label,
  most = 8,
  inView,
  onEnd,
  children,
}: {
  items: readonly T[];
  label: string;
  /** So many are seen at once. */
  most?: number;
  /** The place of the row that is to be in view. */
  inView?: number | undefined;
  /** The last row has come near. */
  onEnd?: () => void;
  children: (item: T, place: number) => ReactNode;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    getItemKey: (place) => items[place]?.id ?? place,
    overscan: 4,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    if (items.length > 0 && last >= items.length - 10) {
      onEnd?.();
    }
  }, [last, items.length, onEnd]);

  useEffect(() => {
    if (inView !== undefined) {
      rows.scrollToIndex(inView);
    }
  }, [rows, inView]);

  return (
    <Box ref={frame} className={classes.frame} mah={most * ROW + 2} tabIndex={0} role="group" aria-label={label}>
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }} aria-label={label}>
        {shown.map(({ index, key, start }) => {
          const item = items[index];
          return item ? (
            <li
              key={key}
              className={classes.row}
              aria-posinset={index + 1}
              aria-setsize={items.length}
              style={{ height: ROW, transform: `translateY(${start}px)` }}
            >
              {children(item, index)}
            </li>
          ) : null;
        })}
      </ul>
    </Box>
  );
}
