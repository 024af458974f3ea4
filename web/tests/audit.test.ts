import { expect, test } from "vitest";
import type { AuditEntry } from "../src/api/types";
import { gone, pageOf, sentenceOf } from "../src/audit/sentence";

const entry = (action: string, targetKind: string, targetName: string, details: AuditEntry["details"] = {}) =>
  ({
    at: "",
    actor: { kind: "key", id: "", name: "Ada" },
    action,
    targetKind,
    targetId: "7",
    targetName,
    details,
  }) as AuditEntry;

function read(of: AuditEntry): string {
  const { does, name, more } = sentenceOf(of);
  return `${of.actor.name} ${does}${name ? ` ${name}` : ""}${more ?? ""}`;
}

test.each([
  [entry("made", "test", "Checkout", { version: 1 }), "Ada saved the test Checkout"],
  [entry("changed", "test", "Checkout", { version: 3 }), "Ada changed the test Checkout: version 3"],
  [
    entry("changed", "job", "Nightly", { changed: ["parallelism", "run_timeout_seconds", "version"] }),
    "Ada changed the job Nightly: parallelism, deadline",
  ],
  [
    entry("changed", "job", "Nightly", { changed: ["version"] }),
    "Ada changed the job Nightly: its tests or its schedule",
  ],
  [entry("made", "schedule", "0 9 * * *"), "Ada gave a job the schedule 0 9 * * *"],
  [
    entry("changed", "schedule", "0 9 * * *", { changed: ["enabled"] }),
    "Ada changed the schedule 0 9 * * *: whether it is on",
  ],
  [entry("made", "key", "CI", { role: "viewer" }), "Ada made the API key CI for a viewer"],
  [entry("revoked", "key", "CI", { role: "viewer", changed: ["revoked_at"] }), "Ada revoked the API key CI"],
  [entry("made", "member", "grace@example.com", { role: "owner" }), "Ada added grace@example.com as an owner"],
  [
    entry("changed", "member", "grace@example.com", { role: "editor", changed: ["role"] }),
    "Ada made grace@example.com an editor",
  ],
  [entry("deleted", "member", "grace@example.com", { role: "editor" }), "Ada removed the member grace@example.com"],
  [entry("changed", "workspace", "Shop", { changed: ["name"] }), "Ada renamed the workspace: Shop"],
  [
    entry("changed", "workspace", "Shop", { changed: ["max_queued_tests"] }),
    "Ada changed the limits of Shop: tests that wait",
  ],
  [entry("cancelled", "run", "Try", { changed: ["cancel_requested_at"] }), "Ada cancelled the run Try"],
  [entry("signed in", "session", ""), "Ada signed in"],
  [entry("changed", "whatever", "X", { changed: ["some_thing"] }), "Ada changed the whatever X: some thing"],
])("%# is a sentence", (of, wanted) => {
  expect(read(of)).toBe(wanted);
});

test("what was deleted has no page any more, but a job outlives its schedule", () => {
  const log = [entry("deleted", "schedule", "0 9 * * *"), entry("deleted", "run", "Try"), entry("made", "key", "CI")];

  expect(log.map(pageOf)).toEqual(["/jobs/7", "/runs/7", undefined]);
  expect([...gone(log)]).toEqual(["/runs/7"]);
});
