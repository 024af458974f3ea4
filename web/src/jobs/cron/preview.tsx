/** What an expression means, asked of the API while it is written. */
import { Box, Card, Loader, Skeleton, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { Fault } from "../../api/problem";
import { ProblemError } from "../../api/problem";
import type { Preview } from "../../api/types";
import { Failure } from "../../parts/page";
import { previewQuery } from "../queries";
import { IrregularTimes, Times } from "./times";

const PAUSE_MS = 350;

export interface Previewed {
  readonly data: Preview | undefined;
  /** By the field: `cron`, `timezone`. */
  readonly faults: Readonly<Record<string, Fault>>;
  /** What is no fault of the expression. */
  readonly error: Error | null;
  readonly pending: boolean;
  readonly retry: () => void;
}

/** Ask when nothing was typed for a moment. */
export function usePreview(cron: string, timezone: string): Previewed {
  const [asked] = useDebouncedValue(`${timezone}\n${cron}`, PAUSE_MS);
  const cut = asked.indexOf("\n");
  const preview = useQuery(previewQuery(asked.slice(cut + 1), asked.slice(0, cut)));
  const behind = asked !== `${timezone}\n${cron}`;
  const refused = preview.error instanceof ProblemError && preview.error.faults.length > 0 ? preview.error : undefined;
  return {
    data: preview.error ? undefined : preview.data,
    // What was said of the expression before is not true of this one.
    faults: behind ? {} : Object.fromEntries(refused?.faults.map((each) => [each.field, each]) ?? []),
    error: refused ? null : preview.error,
    pending: behind || preview.isFetching,
    retry: () => void preview.refetch(),
  };
}

/** As high as ten times are, so that nothing below moves when they come. */
const HEIGHT = 330;

export function SchedulePreview({
  preview,
  zone,
  from,
  until,
}: {
  preview: Previewed;
  zone: string;
  from: string | undefined;
  until: string | undefined;
}) {
  const { data, error, faults, pending, retry } = preview;
  const refused = Object.keys(faults).length > 0;
  return (
    <Card withBorder padding="md" mih={HEIGHT} style={{ flex: "1 1 22rem", minWidth: 0 }} aria-busy={pending}>
      <Stack gap="sm">
        <Box mih={26}>
          {data ? (
            <Text fw={600} aria-live="polite">
              {data.words} {pending ? <Loader size={12} role="status" aria-label="Looking" /> : null}
            </Text>
          ) : null}
          {refused ? <Text c="dimmed">The next times show here as soon as the expression is right.</Text> : null}
        </Box>
        {error ? <Failure error={error} retry={retry} /> : null}
        {data ? (
          <>
            <Times next={data.next} zone={zone} from={from} until={until} />
            <IrregularTimes times={data.irregular} />
          </>
        ) : null}
        {!data && !refused && !error
          ? Array.from({ length: 10 }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else
              <Skeleton key={row} height={14} width="70%" />
            ))
          : null}
      </Stack>
    </Card>
  );
}
