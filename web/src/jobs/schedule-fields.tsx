/** When a job runs by itself: the rhythm, whose clock, and what if it does not go well. */
import { Group, Radio, Stack, Switch, TextInput } from "@mantine/core";
import type { Missed, Overlap } from "../api/types";
import { CronBuilder } from "./cron/builder";
import { momentOf } from "./cron/clock";
import { SchedulePreview, usePreview } from "./cron/preview";
import { ZonePicker } from "./cron/zone";
import type { Faults, Timing } from "./draft";

const OVERLAPS: readonly { readonly value: Overlap; readonly label: string; readonly about: string }[] = [
  { value: "skip", label: "Skip the new one", about: "It is written down as skipped; the next time comes anyway." },
  { value: "queue", label: "Queue it", about: "It begins when the runs before it have ended; ten may wait." },
  { value: "replace", label: "Replace the old one", about: "The run under way is cancelled, and the new one begins." },
];
const MISSED: readonly { readonly value: Missed; readonly label: string; readonly about: string }[] = [
  { value: "skip", label: "Leave it", about: "It is written down as missed." },
  { value: "run_once", label: "Make up for it", about: "The last time that was missed runs once, late." },
];

export function ScheduleFields({
  timing,
  faults,
  change,
}: {
  timing: Timing;
  faults: Faults;
  change: (part: Partial<Timing>) => void;
}) {
  const preview = usePreview(timing.cron, timing.timezone);
  const moment = (clock: string) => (clock ? momentOf(clock, timing.timezone) : undefined);
  return (
    <Stack gap="lg">
      <Group align="flex-start" gap="xl" wrap="wrap">
        <Stack gap="md" style={{ flex: "1 1 20rem", minWidth: 0 }}>
          <CronBuilder
            cron={timing.cron}
            fault={preview.faults.cron ?? faults["schedule.cron"]}
            change={(cron) => change({ cron })}
          />
          <ZonePicker
            zone={timing.timezone}
            fault={preview.faults.timezone ?? faults["schedule.timezone"]}
            change={(timezone) => change({ timezone })}
          />
          <Switch
            label="It fires"
            description="Off: paused. All of it stays here for later."
            checked={timing.enabled}
            onChange={(event) => change({ enabled: event.currentTarget.checked })}
          />
        </Stack>
        <SchedulePreview
          preview={preview}
          zone={timing.timezone}
          from={moment(timing.startsAt)}
          until={moment(timing.endsAt)}
        />
      </Group>
      <Group align="flex-start" gap="xl" wrap="wrap">
        <Radio.Group
          label="If the run before has not ended"
          value={timing.overlap}
          onChange={(overlap) => change({ overlap: overlap as Overlap })}
          error={faults["schedule.overlap"]?.message}
          style={{ flex: "1 1 18rem" }}
        >
          <Stack gap="xs" mt={6}>
            {OVERLAPS.map(({ value, label, about }) => (
              <Radio key={value} value={value} label={label} description={about} />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label="If Matinee was not there at the time"
          value={timing.missed}
          onChange={(missed) => change({ missed: missed as Missed })}
          error={faults["schedule.missed"]?.message}
          style={{ flex: "1 1 18rem" }}
        >
          <Stack gap="xs" mt={6}>
            {MISSED.map(({ value, label, about }) => (
              <Radio key={value} value={value} label={label} description={about} />
            ))}
          </Stack>
        </Radio.Group>
      </Group>
      <Group align="flex-start" gap="md">
        <TextInput
          type="datetime-local"
          label="Not before"
          description="May be empty."
          value={timing.startsAt}
          error={faults["schedule.startsAt"]?.message}
          onChange={(event) => change({ startsAt: event.currentTarget.value })}
        />
        <TextInput
          type="datetime-local"
          label="Not after"
          description="May be empty."
          value={timing.endsAt}
          error={(faults["schedule.endsAt"] ?? faults.schedule)?.message}
          onChange={(event) => change({ endsAt: event.currentTarget.value })}
        />
      </Group>
    </Stack>
  );
}
