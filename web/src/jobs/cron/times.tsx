/** The times at which a schedule fires, on its own clock and on the reader's; and those that a change of the clocks affects. */
import { Alert, Box, List, Table, Text } from "@mantine/core";
import { IconClockExclamation } from "@tabler/icons-react";
import type { Preview } from "../../api/types";
import { statusColor } from "../../parts/status";
import { clockAt, HERE, written } from "./clock";

const MOST_IRREGULAR = 4;

export function Times({
  next,
  zone,
  from,
  until,
}: {
  next: Preview["next"];
  zone: string;
  /** Moments between which alone it fires. */
  from?: string | undefined;
  until?: string | undefined;
}) {
  const elsewhere = next.some((time) => clockAt(time.at, HERE) !== time.local.slice(0, 16));
  const outside = (at: string) =>
    (from !== undefined && Date.parse(at) < Date.parse(from)) ||
    (until !== undefined && Date.parse(at) > Date.parse(until));
  return (
    // On a phone it may be wider than the page; then one can scroll it by keys, too.
    <Box component="section" tabIndex={0} aria-label="The next times" style={{ overflowX: "auto" }}>
      <Table withRowBorders={false} verticalSpacing={3} horizontalSpacing="xs" w="auto" fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>In {zone}</Table.Th>
            {elsewhere ? <Table.Th>In {HERE}, your zone</Table.Th> : null}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {next.map((time) => (
            <Table.Tr key={time.at} c={outside(time.at) ? "dimmed" : ""}>
              <Table.Td>
                <time dateTime={time.at}>{written(time.local)}</time>
                {outside(time.at) ? " (not then: outside of start and end)" : ""}
              </Table.Td>
              {elsewhere ? <Table.Td>{written(clockAt(time.at, HERE))}</Table.Td> : null}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}

export function IrregularTimes({ times }: { times: Preview["irregular"] }) {
  if (times.length === 0) {
    return null;
  }
  return (
    <Alert
      variant="light"
      color="yellow"
      icon={<IconClockExclamation />}
      title="When the clocks change"
      styles={{ title: { color: statusColor("flaky") }, icon: { color: statusColor("flaky") } }}
    >
      <List size="sm" spacing={2} listStyleType="none">
        {times.slice(0, MOST_IRREGULAR).map((time) => (
          <List.Item key={`${time.local}${time.what}`}>
            <Box component="span" fw={600}>
              {written(time.local)}
            </Box>{" "}
            {time.what === "skipped"
              ? "does not exist on that night: it does not fire."
              : "happens twice; it fires the first time."}
          </List.Item>
        ))}
      </List>
      {times.length > MOST_IRREGULAR ? (
        <Text size="sm" mt={4}>
          And {times.length - MOST_IRREGULAR} times more within a year.
        </Text>
      ) : null}
    </Alert>
  );
}
