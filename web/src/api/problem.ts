/** What the API answers when it refuses: RFC 9457, with the fields that are at fault. */
export interface Fault {
  readonly in: string;
  readonly field: string;
  readonly message: string;
  readonly position?: number;
  readonly suggestion?: string;
}

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** The HTTP status; 0 if nobody answered. */
  readonly status: number;
  /** The last part of the problem's `type`, such as `script-invalid`. */
  readonly kind: string;
  readonly faults: readonly Fault[];
  /** When it may be tried again, in milliseconds since the epoch; undefined if nobody said. */
  readonly again: number | undefined;
  /** Whatever else the document has: `line` and `column` of a script, the jobs that use a test, ... */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, body: unknown, retryAfterSeconds = Number.NaN) {
    const found = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    super(typeof found.detail === "string" ? found.detail : fallback(status));
    this.status = status;
    this.kind = typeof found.type === "string" ? (found.type.split(":").at(-1) ?? "") : "";
    this.faults = Array.isArray(found.errors) ? (found.errors as Fault[]) : [];
    this.more = found;
    this.again = Number.isFinite(retryAfterSeconds) ? Date.now() + retryAfterSeconds * 1_000 : undefined;
  }

  /** Whether trying again may help, without anybody changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

function fallback(status: number): string {
  if (status === 0) {
    return "Matinee does not answer. Is it still running, and are you online?";
  }
  return status >= 500 ? `Matinee could not answer this (${status}). Try again in a moment.` : `Refused (${status}).`;
}
