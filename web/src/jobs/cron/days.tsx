/** Days of the week, at least one of them. */
import { Chip, Group, Input } from "@mantine/core";
import { type Day, WEEK } from "./choice";

const NAMES: Readonly<Record<Day, string>> = {
  mon: "Mon",
  tue: "Tue",
  wed: "Wed",
  thu: "Thu",
  fri: "Fri",
  sat: "Sat",
  sun: "Sun",
};

export function Days({ days, change }: { days: readonly Day[]; change: (days: readonly Day[]) => void }) {
  return (
    <Input.Wrapper label="On" labelElement="div" id="cron-days">
      <Chip.Group
        multiple
        value={[...days]}
        onChange={(chosen) => chosen.length > 0 && change(WEEK.filter((day) => chosen.includes(day)))}
      >
        <Group gap={6} role="group" aria-labelledby="cron-days-label">
          {WEEK.map((day) => (
            <Chip key={day} value={day} size="sm">
              {NAMES[day]}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Input.Wrapper>
  );
}
