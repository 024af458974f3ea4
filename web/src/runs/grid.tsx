/** All tests of a run at a glance: a cell each, in the job's order. */
import { memo } from "react";
import type { RunTest, TestStatus } from "../api/types";
import { LOOKS, statusColor } from "../parts/status";
import classes from "./grid.module.css";

export function Grid({
  tests,
  selected,
  select,
}: {
  tests: readonly RunTest[];
  selected: string | undefined;
  select: (id: string) => void;
}) {
  return (
    <ul className={classes.grid} aria-label="Tests at a glance">
      {tests.map((test) => (
        <Cell
          key={test.id}
          id={test.id}
          title={test.title}
          status={test.status}
          selected={selected === test.id}
          select={select}
        />
      ))}
    </ul>
  );
}

const Cell = memo(function Cell({
  id,
  title,
  status,
  selected,
  select,
}: {
  id: string;
  title: string;
  status: TestStatus;
  selected: boolean;
  select: (id: string) => void;
}) {
  const says = `${title}: ${LOOKS[status].label}`;
  return (
    <li>
      <button
        type="button"
        tabIndex={-1} // the list below has the same for the keyboard
        className={classes.cell}
        data-status={status}
        data-selected={selected || undefined}
        style={{ "--tone": statusColor(status) } as React.CSSProperties}
        title={says}
        aria-label={says}
        onClick={() => select(id)}
      />
    </li>
  );
});
