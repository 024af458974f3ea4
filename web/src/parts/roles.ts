/** The roles that there are. Pure. */
import type { Role } from "../api/types";

/** Each may what the one before may. */
export const ROLES: readonly Role[] = ["viewer", "editor", "owner"];

/** Give a role with its article: `a viewer`, `an owner`. */
export function asRole(role: Role): string {
  return `${role === "viewer" ? "a" : "an"} ${role}`;
}
