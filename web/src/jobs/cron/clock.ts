/** Clocks of time zones: what they show, and which moment that is. */

/** The zone of this browser. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** All zones that this browser knows, its own and UTC first; and `chosen`, which it may not know. */
export function zones(chosen: string): readonly string[] {
  return [...new Set([HERE, "UTC", ...(chosen ? [chosen] : []), ...Intl.supportedValuesOf("timeZone")])];
}

/** Give what a clock in the zone shows at a moment, as `2027-03-28T02:30`. */
export function clockAt(moment: string | number, zone: string): string {
  const parts = new Map(
    formatter(zone)
      .formatToParts(new Date(moment))
      .map((part) => [part.type, part.value]),
  );
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}T${parts.get("hour")}:${parts.get("minute")}`;
}

/** Give the moment at which a clock in the zone shows `clock`, in ISO; of two the first, of none the one after the gap. */
export function momentOf(clock: string, zone: string): string {
  const shown = Date.parse(`${clock}Z`);
  const day = 86_400_000;
  // The clock's distance from UTC before and after: where they differ, it is changed in between.
  const distances = [shown - day, shown + day].map((at) => Date.parse(`${clockAt(at, zone)}Z`) - at);
  const fits = distances.map((distance) => shown - distance).filter((at) => clockAt(at, zone) === clock);
  return new Date(fits.length > 0 ? Math.min(...fits) : shown - (distances[0] ?? 0)).toISOString();
}

const WALL = {
  weekday: "short",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
} as const;
const THIS_YEAR = new Intl.DateTimeFormat(undefined, WALL);
const ANY_YEAR = new Intl.DateTimeFormat(undefined, { ...WALL, year: "numeric" });

/** Write what a clock shows with its weekday; `clock` as the API gives it: what stands behind the minutes is let go. */
export function written(clock: string): string {
  const at = new Date(`${clock.slice(0, 16)}Z`);
  return (at.getUTCFullYear() === new Date().getFullYear() ? THIS_YEAR : ANY_YEAR).format(at);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: known(zone),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formatters.set(zone, found);
  }
  return found;
}

/** A browser may be older than the zone. */
function known(zone: string): string {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}
