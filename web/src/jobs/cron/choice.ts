/** The usual rhythms as people choose them, and as cron writes them. Pure: what cron means in full, the API knows. */

export const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Day = (typeof DAYS)[number];
/** A week as calendars show it. */
export const WEEK: readonly Day[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WORKDAYS: readonly Day[] = ["mon", "tue", "wed", "thu", "fri"];

/** Only what divides an hour: a step of 7 fires at :56 and again at :00, which is not every seven minutes. */
export const EVERY = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] as const;
export const LAST_DAY = "L";

export type Choice =
  | { readonly mode: "minutes"; readonly every: number }
  | { readonly mode: "hourly"; readonly minute: number }
  | { readonly mode: "daily"; readonly hour: number; readonly minute: number }
  | { readonly mode: "weekdays"; readonly hour: number; readonly minute: number }
  | { readonly mode: "weekly"; readonly days: readonly Day[]; readonly hour: number; readonly minute: number }
  | { readonly mode: "monthly"; readonly day: number | "L"; readonly hour: number; readonly minute: number }
  | { readonly mode: "custom"; readonly text: string };
export type Mode = Choice["mode"];

const MACROS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * sun",
  "@monthly": "0 0 1 * *",
};

/** Write a choice as cron. */
export function toCron(choice: Choice): string {
  switch (choice.mode) {
    case "minutes":
      return choice.every === 1 ? "* * * * *" : `*/${choice.every} * * * *`;
    case "hourly":
      return `${choice.minute} * * * *`;
    case "daily":
      return `${choice.minute} ${choice.hour} * * *`;
    case "weekdays":
      return `${choice.minute} ${choice.hour} * * mon-fri`;
    case "weekly":
      return `${choice.minute} ${choice.hour} * * ${WEEK.filter((day) => choice.days.includes(day)).join(",")}`;
    case "monthly":
      return `${choice.minute} ${choice.hour} ${choice.day} * *`;
    case "custom":
      return choice.text;
  }
}

/** What may be chosen in any mode, kept while one goes from mode to mode. */
export interface Settings {
  readonly every: number;
  readonly hour: number;
  readonly minute: number;
  readonly days: readonly Day[];
  readonly day: number | "L";
}

/** Give the choice of a mode; custom begins with what was there. */
export function withSettings(mode: Mode, settings: Settings, text: string): Choice {
  const { every, hour, minute, days, day } = settings;
  switch (mode) {
    case "minutes":
      return { mode, every };
    case "hourly":
      return { mode, minute };
    case "daily":
    case "weekdays":
      return { mode, hour, minute };
    case "weekly":
      return { mode, days, hour, minute };
    case "monthly":
      return { mode, day, hour, minute };
    case "custom":
      return { mode, text };
  }
}

/** Read cron as a choice; whatever none of them says in full is custom. */
export function fromCron(text: string): Choice {
  const custom: Choice = { mode: "custom", text };
  const plain = text.trim().toLowerCase();
  const words = (MACROS[plain] ?? plain).split(/\s+/);
  const [minutes = "", hours = "", day = "", month, weekday = ""] = words;
  if (words.length !== 5 || month !== "*") {
    return custom;
  }
  if (hours === "*") {
    return day === "*" && weekday === "*" ? (withinHour(minutes) ?? custom) : custom;
  }
  const minute = within(minutes, 59);
  const hour = within(hours, 23);
  if (minute === undefined || hour === undefined) {
    return custom;
  }
  return onDays(day, weekday, { hour, minute }) ?? custom;
}

function withinHour(minutes: string): Choice | undefined {
  const every = minutes === "*" ? 1 : number(/^\*\/(\d+)$/.exec(minutes)?.[1]);
  if (every !== undefined) {
    return EVERY.some((each) => each === every) ? { mode: "minutes", every } : undefined;
  }
  const minute = within(minutes, 59);
  return minute === undefined ? undefined : { mode: "hourly", minute };
}

function onDays(day: string, weekday: string, at: { hour: number; minute: number }): Choice | undefined {
  if (weekday !== "*") {
    const days = day === "*" ? daysOf(weekday) : undefined;
    if (days === undefined || days.length === WEEK.length) {
      return days && { mode: "daily", ...at };
    }
    return days.join() === WORKDAYS.join() ? { mode: "weekdays", ...at } : { mode: "weekly", days, ...at };
  }
  if (day === "*") {
    return { mode: "daily", ...at };
  }
  const which = day === "l" ? LAST_DAY : within(day, 31);
  return which ? { mode: "monthly", day: which, ...at } : undefined;
}

/** Give the days of a list such as `mon-wed,6`, in the order of a week. */
function daysOf(list: string): Day[] | undefined {
  const found = new Set<Day>();
  for (const part of list.split(",")) {
    const [first, last, ...more] = part.split("-").map(dayNumber);
    const end = part.includes("-") ? last : first;
    if (first === undefined || end === undefined || end < first || more.length > 0) {
      return undefined;
    }
    for (let at = first; at <= end; at += 1) {
      found.add(DAYS[at % DAYS.length] as Day);
    }
  }
  return WEEK.filter((day) => found.has(day));
}

/** Sunday is 0, and 7 where a week ends with it. */
function dayNumber(text: string): number | undefined {
  const named = DAYS.indexOf(text as Day);
  return named >= 0 ? named : within(text, 7);
}

function within(text: string, highest: number): number | undefined {
  const found = number(text);
  return found !== undefined && found <= highest ? found : undefined;
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
