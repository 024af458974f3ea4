import { duration } from "../parts/format";
import { useNow } from "../parts/now";

/** How long ago it began, ticking. */
export function Elapsed({ since }: { since: number }) {
  const now = useNow(200);
  return <time>{duration(Math.max(0, Math.floor((now - since) / 100) * 100))}</time>;
}
