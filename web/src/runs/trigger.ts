/** What made a run begin. */
import { IconApi, IconCalendarClock, IconHandClick, type TablerIcon } from "@tabler/icons-react";
import type { RunTrigger } from "../api/types";

export const TRIGGERS: Readonly<Record<RunTrigger, { label: string; says: string; icon: TablerIcon }>> = {
  manual: { label: "By hand", says: "started by hand", icon: IconHandClick },
  schedule: { label: "Schedule", says: "started by its schedule", icon: IconCalendarClock },
  api: { label: "API", says: "started by the API", icon: IconApi },
};
