/** One key of a list: whose it is, whether it works, and a way to end that. */
import { Badge, Box, Button, Code, Group, Text } from "@mantine/core";
import { useNow } from "../parts/now";
import { statusColor } from "../parts/status";
import status from "../parts/status.module.css";
import { When } from "../parts/when";

export interface Key {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt?: string | null;
  readonly lastUsedAt?: string | null;
  readonly revokedAt?: string | null;
  readonly current?: boolean;
}

export function Entry({ entry, revoke }: { entry: Key; revoke: () => void }) {
  const now = useNow(10_000);
  const expired = Boolean(entry.expiresAt) && Date.parse(entry.expiresAt ?? "") <= now;
  const works = !entry.revokedAt && !expired;
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
      <Box style={{ minWidth: 0, flex: 1 }}>
        <Group gap={8}>
          <Text
            fw={600}
            td={works ? "" : "line-through"}
            c={works ? "" : "dimmed"}
            style={{ overflowWrap: "anywhere" }}
          >
            {entry.name}
          </Text>
          <Code>{entry.prefix}…</Code>
          {entry.current ? <Mark tone="running">Used here</Mark> : null}
          {entry.revokedAt ? (
            <Mark tone="cancelled">Revoked</Mark>
          ) : expired ? (
            <Mark tone="cancelled">Expired</Mark>
          ) : null}
        </Group>
        <Text size="sm" c="dimmed" component="div">
          made <When at={entry.createdAt} />
          {", "}
          {entry.lastUsedAt ? (
            <>
              last used <When at={entry.lastUsedAt} />
            </>
          ) : (
            "never used"
          )}
          {", "}
          {entry.revokedAt ? (
            <>
              revoked <When at={entry.revokedAt} />
            </>
          ) : entry.expiresAt ? (
            <>
              {expired ? "expired" : "expires"} <When at={entry.expiresAt} />
            </>
          ) : (
            "does not expire"
          )}
        </Text>
      </Box>
      {works ? (
        <Button variant="default" size="xs" onClick={revoke} aria-label={`Revoke ${entry.name}`}>
          Revoke
        </Button>
      ) : null}
    </Group>
  );
}

function Mark({ tone, children }: { tone: "running" | "cancelled"; children: string }) {
  return (
    <Badge variant="default" className={status.badge ?? ""} style={{ "--badge-tone": statusColor(tone) }}>
      {children}
    </Badge>
  );
}
