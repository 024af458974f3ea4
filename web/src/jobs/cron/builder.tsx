/** When a job runs, chosen instead of written; whoever wants to writes. */
import { Group, Input, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Fault } from "../../api/problem";
import { EVERY, fromCron, LAST_DAY, type Mode, type Settings, toCron, withSettings } from "./choice";
import { Days } from "./days";
import { around, mended } from "./mend";
import { Suggestion, Wrong } from "./wrong";

const MODES: readonly { readonly value: Mode; readonly label: string }[] = [
  { value: "minutes", label: "Every few minutes" },
  { value: "hourly", label: "Hourly" },
  { value: "daily", label: "Daily" },
  { value: "weekdays", label: "Monday to Friday" },
  { value: "weekly", label: "Weekly, on days" },
  { value: "monthly", label: "Monthly" },
  { value: "custom", label: "Custom expression" },
];
const LAST_IN_ALL = 28;

const USUAL: Settings = { every: 15, hour: 6, minute: 0, days: ["mon"], day: 1 };

export function CronBuilder({
  cron,
  fault,
  change,
}: {
  cron: string;
  fault: Fault | undefined;
  change: (cron: string) => void;
}) {
  const read = fromCron(cron);
  // What is written by hand stays written, also while it is what a mode could say.
  const [mode, setMode] = useState<Mode>(read.mode);
  const [memory, setMemory] = useState<Settings>({ ...USUAL, ...read });

  const choose = (next: Mode, kept: Settings) => {
    setMode(next);
    setMemory(kept);
    change(toCron(withSettings(next, kept, cron)));
  };
  const set = (part: Partial<Settings>) => choose(mode, { ...memory, ...part });

  return (
    <Stack gap="sm">
      <Group align="flex-start" gap="md">
        <Select
          label="How often"
          data={MODES}
          value={mode}
          allowDeselect={false}
          onChange={(value) => value && choose(value as Mode, mode === "custom" ? { ...memory, ...read } : memory)}
          w={210}
        />
        {mode === "minutes" ? (
          <Select
            label="Minutes between"
            data={EVERY.map(String)}
            value={String(memory.every)}
            allowDeselect={false}
            onChange={(value) => value && set({ every: Number(value) })}
            w={140}
          />
        ) : null}
        {mode === "hourly" ? (
          <NumberInput
            label="At minute"
            value={memory.minute}
            min={0}
            max={59}
            clampBehavior="strict"
            allowDecimal={false}
            onChange={(value) => typeof value === "number" && set({ minute: value })}
            w={140}
          />
        ) : null}
        {mode === "monthly" ? (
          <Select
            label="On day"
            data={[
              ...Array.from({ length: 31 }, (_, day) => String(day + 1)),
              { value: LAST_DAY, label: "the last one" },
            ]}
            value={String(memory.day)}
            allowDeselect={false}
            onChange={(value) => value && set({ day: value === LAST_DAY ? LAST_DAY : Number(value) })}
            w={140}
          />
        ) : null}
        {["daily", "weekdays", "weekly", "monthly"].includes(mode) ? (
          <TextInput
            type="time"
            label="At"
            value={`${String(memory.hour).padStart(2, "0")}:${String(memory.minute).padStart(2, "0")}`}
            onChange={(event) => {
              const [hour, minute] = event.currentTarget.value.split(":").map(Number);
              if (hour !== undefined && minute !== undefined) {
                set({ hour, minute }); // half a time is none
              }
            }}
            w={140}
          />
        ) : null}
      </Group>
      {mode === "weekly" ? <Days days={memory.days} change={(days) => set({ days })} /> : null}
      {mode === "monthly" && memory.day !== LAST_DAY && memory.day > LAST_IN_ALL ? (
        <Text size="sm" c="dimmed">
          Months without a day {memory.day} are left out. “The last one” is there in each.
        </Text>
      ) : null}
      {mode === "custom" ? (
        <TextInput
          label="Expression"
          description="Minute, hour, day of month, month, day of week; or @daily, rate(90 minutes), cron(…) as EventBridge Scheduler has it."
          value={cron}
          onChange={(event) => change(event.currentTarget.value)}
          error={fault ? <Wrong text={around(cron, fault)} fault={fault} /> : undefined}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          maw={460}
        />
      ) : null}
      {fault && mode !== "custom" ? <Input.Error>{fault.message}</Input.Error> : null}
      {fault && mode === "custom" ? <Suggestion better={mended(cron, fault)} take={change} /> : null}
    </Stack>
  );
}
