/** A few tests and what stands out about each. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { TestFigures } from "../api/types";
import { Waiting } from "../parts/page";
import { StatusIcon } from "../parts/status";

export function Figures({
  tests,
  empty,
  says,
}: {
  tests: readonly TestFigures[] | undefined;
  empty: string;
  says: (test: TestFigures) => string;
}) {
  if (!tests) {
    return <Waiting rows={3} height={28} />;
  }
  if (tests.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {empty}
      </Text>
    );
  }
  return (
    <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {tests.map((test) => (
        <Group key={test.testId} component="li" gap={8} wrap="nowrap">
          <StatusIcon status={test.lastStatus} />
          <Anchor component={Link} to={`/tests/${test.testId}`} size="sm" c="inherit" truncate style={{ flex: 1 }}>
            {test.title}
          </Anchor>
          <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {says(test)}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
