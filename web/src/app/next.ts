/** Where somebody wanted to go who had to sign in first. */
const PLACE = "matinee.next";

/** For so long the way through an issuer is open (functions/submit/routes/sign_on.py). */
const LASTS_MS = 600_000;

/** Take only a path of our own: `next` comes from an address, which anybody may have written. */
export function safe(next: string | null | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}

/** Keep it in this tab while it is at the issuer's, which sends it back to `/`. */
export function keepNext(next: string): void {
  sessionStorage.setItem(PLACE, JSON.stringify({ next, until: Date.now() + LASTS_MS }));
}

/** Give what was kept, once; nothing after a while, for nobody waits for it any more. */
export function takeNext(): string | undefined {
  const kept = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  try {
    const { next, until } = JSON.parse(kept ?? "{}") as { next?: string; until?: number };
    const path = safe(next);
    return path !== "/" && until !== undefined && Date.now() < until ? path : undefined;
  } catch {
    return undefined;
  }
}
