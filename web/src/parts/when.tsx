/** A moment, relative to now; in full when one points at it. */
import { Text, type TextProps, Tooltip } from "@mantine/core";
import { absolute, relative } from "./format";
import { useNow } from "./now";

export function When({ at, ...props }: { at: string | number } & TextProps) {
  const now = useNow(10_000);
  return (
    <Tooltip label={absolute(at)} openDelay={300}>
      <Text component="time" dateTime={new Date(at).toISOString()} inherit {...props}>
        {relative(at, now)}
      </Text>
    </Tooltip>
  );
}
