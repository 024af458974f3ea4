import { Group, Text } from "@mantine/core";
import { Link } from "react-router";

export function Logo() {
  return (
    <Group component={Link} {...{ to: "/" }} gap={8} wrap="nowrap" style={{ textDecoration: "none", color: "inherit" }}>
      <img src="/favicon.svg" width={24} height={24} alt="" />
      <Text fw={700} size="lg" lh={1}>
        Matinee
      </Text>
    </Group>
  );
}
