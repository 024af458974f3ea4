/** One key of a list: whose it is, whether it works, and a way to end that. */
import { Badge, Box, Button, Code, Group, Text } from "@mantine/core";
import type { Role } from "../api/types";
import { useNow } from "../parts/now";
import { RoleBadge } from "../parts/role";
import { statusColor } from "../parts/status";
import status from "../parts/status.module.css";
import { When } from "../parts/when";

export interface Key {
  readonly id: string;
  readonly name: string;
  /** Of an API key's bearer; a trigger key has none. */
  readonly role?: Role;
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt?: string | null;
  readonly lastUsedAt?: string | null;
  readonly revokedAt?: string | null;
  readonly current?: boolean;
}

/** Without `revoke` it is only shown. */
export function Entry({ entry, revoke }: { entry: Key; revoke?: (() => void) | undefined }) {
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
          {entry.role && works ? <RoleBadge role={entry.role} /> : null}
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
      {works && revoke ? (
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
