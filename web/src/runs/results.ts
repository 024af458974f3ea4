/** What a run's results.json, of Playwright's JSON reporter, says of a test's traces. */
import type { Run, RunTest } from "../api/types";

export interface Attachment {
  /** Relative to the report's folder. */
  readonly path: string;
  /** The `test(...)` that left it, and which attempt. */
  readonly label: string;
}

interface Suite {
  readonly title?: string;
  readonly suites?: readonly Suite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly results: readonly {
        readonly retry: number;
        readonly attachments: readonly { readonly name: string; readonly path?: string }[];
      }[];
    }[];
  }[];
}

/** Give the traces of one of the run's tests. The report's files are the run's tests, in the same order. */
export function tracesOf(results: unknown, run: Run, test: RunTest): readonly Attachment[] {
  const files = (results as { suites?: readonly Suite[] }).suites ?? [];
  const file =
    files.length === run.tests.length
      ? files[run.tests.findIndex((each) => each.id === test.id)]
      : files.find((each) => each.title === test.title);
  return file ? within(file) : [];
}

function within(suite: Suite): readonly Attachment[] {
  const own = (suite.specs ?? []).flatMap((spec) =>
    spec.tests.flatMap((test) =>
      test.results.flatMap((result) =>
        result.attachments
          .filter((each) => each.name === "trace" && each.path)
          .map((each) => ({
            path: each.path ?? "",
            label: result.retry > 0 ? `of “${spec.title}”, retry ${result.retry}` : `of “${spec.title}”`,
          })),
      ),
    ),
  );
  return [...own, ...(suite.suites ?? []).flatMap(within)];
}
