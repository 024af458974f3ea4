/** What whoever is signed in may do. The API decides that; pages only leave out what it would refuse. */
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import type { Role } from "../api/types";
import { ROLES } from "./roles";

export function useRole(): Role {
  // The frame of all pages asks; here it is only read.
  const { data } = useQuery({ ...sessionQuery, enabled: false });
  return data?.role ?? "viewer";
}

export function useMay(needed: Role): boolean {
  return ROLES.indexOf(useRole()) >= ROLES.indexOf(needed);
}
