/** A test while somebody writes it. Pure. */
import { ProblemError } from "../api/problem";
import type { components } from "../api/schema";
import type { SavedTest } from "../api/types";

export interface Writing {
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly path: string;
  readonly script: string;
}

export function writingOf(test: SavedTest): Writing {
  const { title, description, tags, path, script } = test;
  return { title, description, tags, path: path ?? "", script };
}

export function isSame(one: Writing, other: Writing): boolean {
  return (
    one.title === other.title &&
    one.description === other.description &&
    one.path === other.path &&
    one.script === other.script &&
    one.tags.join("\n") === other.tags.join("\n")
  );
}

/** Give what the API is sent; the language it finds out itself. */
export function requestOf(writing: Writing): components["schemas"]["SavedTestRequest"] {
  const path = writing.path.trim();
  return {
    title: writing.title.trim(),
    description: writing.description,
    tags: [...writing.tags],
    script: writing.script,
    ...(path ? { path } : {}),
  };
}

/** Give what a refusal says of each field, by the field's name. */
export function faultsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ProblemError)) {
    return {};
  }
  const found = Object.fromEntries(error.faults.map(({ field, message }) => [field.split(".")[0] ?? field, message]));
  const { field } = error.more;
  return typeof field === "string" && !(field in found) ? { ...found, [field]: error.message } : found;
}
