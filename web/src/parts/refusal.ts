/** What stands above the API's own words when it refuses something. */
import { ProblemError } from "../api/problem";
import { again } from "./format";

export function refusal(error: unknown, otherwise = "That did not work"): string {
  if (!(error instanceof ProblemError)) {
    return otherwise;
  }
  if (error.status === 403) {
    return "You may not do this";
  }
  return error.status === 429 && error.again ? `Try it again ${again(error.again, Date.now())}` : otherwise;
}
