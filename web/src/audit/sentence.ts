/** Entries of the audit log as people read them. Pure. */
import type { AuditEntry, Role } from "../api/types";
import { asRole } from "../parts/roles";

/** Who did it, and then: `made`, `Grace`, ` an editor`. */
export interface Sentence {
  readonly does: string;
  readonly name?: string;
  readonly more?: string;
}

const THINGS: Readonly<Record<string, string>> = { key: "API key", share: "link to a report" };

const VERBS: Readonly<Record<string, string>> = { made: "made", "made test": "saved", "deleted member": "removed" };

const FIELDS: Readonly<Record<string, string>> = {
  base_url: "base URL",
  timeout_seconds: "timeout of a test",
  run_timeout_seconds: "deadline",
  stop_after_failures: "when to stop early",
  enabled: "whether it is on",
  cron: "when",
  overlap: "what happens while a run is under way",
  missed: "what happens with missed times",
  starts_at: "first day",
  ends_at: "last day",
  max_concurrent_tests: "tests at once",
  max_queued_tests: "tests that wait",
  run_minutes_per_month: "minutes a month",
  requests_per_minute: "requests a minute",
  sealed: "its value",
  secret: "whether it is secret",
};

export function sentenceOf(entry: AuditEntry): Sentence {
  const { action, targetKind: kind, targetName } = entry;
  const name = targetName ? { name: targetName } : {};
  const changed = changedIn(entry);
  const role = entry.details.role as Role | undefined;
  if (action === "signed in") {
    return { does: "signed in" };
  }
  if (kind === "member" && role && action !== "deleted") {
    return action === "made"
      ? { does: "added", ...name, more: ` as ${asRole(role)}` }
      : { does: "made", ...name, more: ` ${asRole(role)}` };
  }
  if (kind === "key" && action === "made" && role) {
    return { does: "made the API key", ...name, more: ` for ${asRole(role)}` };
  }
  if (kind === "workspace" && action === "changed") {
    return changed.includes("name")
      ? { does: "renamed the workspace:", ...name }
      : { does: "changed the limits of", ...name, more: listed(changed) };
  }
  if (kind === "schedule" && action !== "changed") {
    return { does: action === "made" ? "gave a job the schedule" : "took from its job the schedule", ...name };
  }
  const does = `${VERBS[`${action} ${kind}`] ?? VERBS[action] ?? action} the ${THINGS[kind] ?? kind}`;
  return { does, ...name, ...(action === "changed" ? { more: whatChanged(entry, changed) } : {}) };
}

/** Give the page of what the entry is about; undefined if there is none. */
export function pageOf({ targetKind, targetId }: AuditEntry): string | undefined {
  const page = { test: "tests", job: "jobs", schedule: "jobs", run: "runs" }[targetKind];
  return page && `/${page}/${targetId}`;
}

/** Give the pages that are not there any more, by what a log (the newest first) tells of them. */
export function gone(entries: readonly AuditEntry[]): ReadonlySet<string | undefined> {
  return new Set(
    entries.filter(({ action, targetKind }) => action === "deleted" && targetKind !== "schedule").map(pageOf),
  );
}

/** Columns that people changed: a version grows with whatever they did. */
function changedIn({ details }: AuditEntry): readonly string[] {
  const { changed } = details;
  return Array.isArray(changed) ? changed.filter((each): each is string => each !== "version") : [];
}

function whatChanged({ targetKind, details }: AuditEntry, changed: readonly string[]): string {
  if (targetKind === "test") {
    return `: version ${details.version}`;
  }
  // Of a job nothing is its own but these: its tests and its schedule are noted by its version alone.
  return targetKind === "job" && changed.length === 0 ? ": its tests or its schedule" : listed(changed);
}

function listed(fields: readonly string[]): string {
  const names = fields.map((each) => FIELDS[each] ?? each.replaceAll("_", " "));
  return names.length ? `: ${names.join(", ")}` : "";
}
