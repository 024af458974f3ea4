/** Where in a script the API found it to be wrong. */
import { ProblemError } from "../api/problem";

export interface Mark {
  /** Both count from 1. Without a column the whole line is meant. */
  readonly line: number;
  readonly column?: number;
  readonly message: string;
}

/** Give the places that a refusal names; none if it is about something else. */
export function marksOf(error: unknown): readonly Mark[] {
  if (!(error instanceof ProblemError) || error.kind !== "script-invalid") {
    return [];
  }
  const { line, column } = error.more;
  if (typeof line !== "number") {
    return [];
  }
  return [{ line, message: error.message, ...(typeof column === "number" ? { column } : {}) }];
}
