/** What is being written: a script, and how to run it. Kept in this browser. */
import type { components } from "../api/schema";
import { FIRST, templateOf } from "./templates";

export interface Variable {
  /** Only to tell rows apart. */
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

export interface Draft {
  readonly script: string;
  readonly title: string;
  readonly baseUrl: string;
  readonly timeoutSeconds: number;
  readonly retries: number;
  readonly variables: readonly Variable[];
}

export const FRESH: Draft = {
  script: FIRST.script,
  title: "",
  baseUrl: "",
  timeoutSeconds: 60,
  retries: 0,
  variables: [],
};

/** Whether there is anything in it that its writer would miss. */
export function isChanged({ script, ...options }: Draft): boolean {
  const { script: _, ...fresh } = FRESH;
  return (script.trim() !== "" && !templateOf(script)) || JSON.stringify(options) !== JSON.stringify(fresh);
}

/** Give what the API is asked to run. */
export function requestOf(draft: Draft): components["schemas"]["TestRequest"] {
  return {
    script: draft.script,
    timeoutSeconds: draft.timeoutSeconds,
    retries: draft.retries,
    variables: Object.fromEntries(
      draft.variables.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), value]),
    ),
    ...(draft.title.trim() ? { title: draft.title.trim() } : {}),
    ...(draft.baseUrl.trim() ? { baseUrl: draft.baseUrl.trim() } : {}),
  };
}

/** Say how it runs, where it does not run as usual. */
export function summaryOf(draft: Draft): string {
  const named = draft.variables.filter(({ name }) => name.trim()).length;
  return [
    draft.baseUrl.trim(),
    `${draft.timeoutSeconds} s`,
    draft.retries ? `${draft.retries} ${draft.retries === 1 ? "retry" : "retries"}` : "",
    named ? `${named} ${named === 1 ? "variable" : "variables"}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

const PLACE = "matinee.playground.draft";

export function readDraft(): Draft {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    return typeof found === "object" && found !== null ? { ...FRESH, ...found } : FRESH;
  } catch {
    return FRESH;
  }
}

export function keepDraft(draft: Draft): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(draft));
  } catch {
    // The browser keeps nothing for us, or no more: it can be written and run all the same.
  }
}
