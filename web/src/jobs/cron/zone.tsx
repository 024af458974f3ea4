/** A time zone, found by its name. */
import { Select } from "@mantine/core";
import { useMemo } from "react";
import type { Fault } from "../../api/problem";
import { zones } from "./clock";
import { Suggestion } from "./wrong";

const MOST_SHOWN = 50;

export function ZonePicker({
  zone,
  fault,
  change,
}: {
  zone: string;
  fault: Fault | undefined;
  change: (zone: string) => void;
}) {
  const all = useMemo(() => zones(zone), [zone]);
  return (
    <>
      <Select
        label="Time zone"
        description="Whose clock it goes by."
        data={all}
        value={zone}
        onChange={(value) => value && change(value)}
        allowDeselect={false}
        searchable
        nothingFoundMessage="There is no such zone. Try a large city."
        limit={MOST_SHOWN}
        filter={({ options, search, limit }) => {
          const wanted = plain(search);
          return options
            .filter((each) => "value" in each && plain(String(each.value)).includes(wanted))
            .slice(0, limit);
        }}
        error={fault?.message}
        maw={320}
      />
      <Suggestion better={fault?.suggestion} take={change} />
    </>
  );
}

/** `New York` finds `America/New_York`. */
function plain(text: string): string {
  return text.trim().toLowerCase().replaceAll("_", " ");
}
