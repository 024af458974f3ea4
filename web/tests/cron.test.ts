import { describe, expect, test } from "vitest";
import { type Choice, fromCron, toCron } from "../src/jobs/cron/choice";
import { clockAt, momentOf } from "../src/jobs/cron/clock";
import { around, mended } from "../src/jobs/cron/mend";

const at = { hour: 9, minute: 5 };

describe("a choice and its cron", () => {
  test.each<[Choice, string]>([
    [{ mode: "minutes", every: 1 }, "* * * * *"],
    [{ mode: "minutes", every: 15 }, "*/15 * * * *"],
    [{ mode: "hourly", minute: 0 }, "0 * * * *"],
    [{ mode: "daily", hour: 0, minute: 0 }, "0 0 * * *"],
    [{ mode: "weekdays", ...at }, "5 9 * * mon-fri"],
    [{ mode: "weekly", days: ["mon", "sun"], ...at }, "5 9 * * mon,sun"],
    [{ mode: "monthly", day: 31, ...at }, "5 9 31 * *"],
    [{ mode: "monthly", day: "L", ...at }, "5 9 L * *"],
    [{ mode: "custom", text: "*/7 9-17 * * mon#2" }, "*/7 9-17 * * mon#2"],
  ])("%j is %s, and comes back", (choice, cron) => {
    expect(toCron(choice)).toBe(cron);
    expect(fromCron(cron)).toEqual(choice);
  });

  test.each<[string, Choice]>([
    ["@hourly", { mode: "hourly", minute: 0 }],
    [" @Daily ", { mode: "daily", hour: 0, minute: 0 }],
    ["@weekly", { mode: "weekly", days: ["sun"], hour: 0, minute: 0 }],
    ["@monthly", { mode: "monthly", day: 1, hour: 0, minute: 0 }],
    ["*/1 * * * *", { mode: "minutes", every: 1 }],
    ["05\t09 * * *", { mode: "daily", ...at }],
    ["5 9 * * 1-5", { mode: "weekdays", ...at }],
    ["5 9 * * 5,4,3,2,1", { mode: "weekdays", ...at }],
    ["5 9 * * MON,wed-Fri", { mode: "weekly", days: ["mon", "wed", "thu", "fri"], ...at }],
    ["5 9 * * 5-7", { mode: "weekly", days: ["fri", "sat", "sun"], ...at }],
    ["5 9 * * 0-6", { mode: "daily", ...at }],
    ["5 9 l * *", { mode: "monthly", day: "L", ...at }],
  ])("%s opens in its mode", (cron, choice) => {
    expect(fromCron(cron)).toEqual(choice);
  });

  test.each([
    "",
    "5 9 * *",
    "5 9 * * * 2027",
    "*/7 * * * *",
    "*/0 * * * *",
    "60 9 * * *",
    "5 24 * * *",
    "5 9 0 * *",
    "5 9 32 * *",
    "5 9 * 2 *",
    "5 9 1 * mon",
    "*/5 9 * * *",
    "5 * * * mon",
    "5,35 * * * *",
    "5 9 * * fri-mon",
    "5 9 * * mon-",
    "5 9 * * mon-tue-wed",
    "5 9 * * mon#2",
    "5 9 * * 5L",
    "5 9 * * */2",
    "5 9 * * 8",
    "@yearly",
    "@reboot",
    "rate(5 minutes)",
    "cron(5 9 * * ? *)",
  ])("%j is nothing that a mode can say, and stays as it is", (cron) => {
    expect(fromCron(cron)).toEqual({ mode: "custom", text: cron });
    expect(toCron(fromCron(cron))).toBe(cron);
  });
});

describe("a suggestion", () => {
  test.each([
    ["0 9 * * mno", { position: 9, suggestion: "mon" }, "0 9 * * mon"],
    ["0 9 * * mon,tu", { position: 13, suggestion: "tue" }, "0 9 * * mon,tue"],
    ["0 9 * * fri-mon ", { position: 9, suggestion: "fri-sat,sun-mon" }, "0 9 * * fri-sat,sun-mon "],
    ["rate(5 minute)", { position: 8, suggestion: "minutes" }, "rate(5 minutes)"],
    ["rate(5 minutes", { position: 15, suggestion: "rate(5 minutes)" }, "rate(5 minutes)"],
    ["0 9 * * ? *", { position: 11, suggestion: "cron(0 9 * * ? *)" }, "cron(0 9 * * ? *)"],
    ["@dayly", { position: 1, suggestion: "@daily" }, "@daily"],
  ])("for %s is taken at its place", (text, fault, expected) => {
    expect(mended(text, fault)).toBe(expected);
  });

  test("is not there where the API has none", () => {
    expect(mended("0 25 * * *", { position: 3 })).toBeUndefined();
  });

  test("stands for just the part that is wrong", () => {
    expect(around("0 9,25 * * *", { position: 5 })).toEqual(["0 9,", "25", " * * *"]);
    expect(around("0 9", { position: 9 })).toEqual(["0 9", "", ""]);
  });
});

describe("a clock", () => {
  test.each([
    ["2026-07-01T12:00", "Europe/Berlin", "2026-07-01T10:00:00.000Z"],
    ["2026-12-31T23:30", "America/New_York", "2027-01-01T04:30:00.000Z"],
    ["2026-07-01T12:00", "UTC", "2026-07-01T12:00:00.000Z"],
    ["2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00.000Z"],
    ["2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00.000Z"],
  ])("shows %s in %s at %s, and only then", (clock, zone, moment) => {
    expect(momentOf(clock, zone)).toBe(moment);
    expect(clockAt(moment, zone)).toBe(clock);
  });

  test("that shows a time twice means the first", () => {
    expect(momentOf("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  });

  test("that never shows a time means the one after the gap", () => {
    expect(momentOf("2027-03-28T02:30", "Europe/Berlin")).toBe("2027-03-28T01:30:00.000Z");
    expect(clockAt("2027-03-28T01:30:00Z", "Europe/Berlin")).toBe("2027-03-28T03:30");
  });
});
