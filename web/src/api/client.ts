/** The one way to the API: typed by openapi.json, refusals as `ProblemError`. */
import createClient from "openapi-fetch";
import { ProblemError } from "./problem";
import type { paths } from "./schema";

export const api = createClient<paths>({ baseUrl: "", fetch: reach });

/** Who is told when the API no longer knows us, and when it refuses what we may not do: somebody may have changed that. */
let signedOut: () => void = () => {};
let forbidden: () => void = () => {};

export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

export function onForbidden(listener: () => void): void {
  forbidden = listener;
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new ProblemError(0, undefined);
  }
}

api.use({
  async onResponse({ request, response }) {
    if (response.ok) {
      return;
    }
    if (response.status === 401 && !new URL(request.url).pathname.startsWith("/api/session")) {
      signedOut();
    }
    if (response.status === 403) {
      forbidden();
    }
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    throw new ProblemError(response.status, await response.json().catch(() => undefined), seconds);
  },
});

/** Give the body of an answer; a refusal has been thrown before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}
