/** A job's tests, in their order. */
import { Anchor, Badge, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "react-router";
import type { SavedTestSummary } from "../api/types";
import { Failure } from "../parts/page";
import { StatusIcon } from "../parts/status";
import classes from "./jobs.module.css";
import { namedQuery } from "./queries";
import { Rows } from "./rows";

export function Consists({ ids }: { ids: readonly string[] }) {
  const named = useQuery(namedQuery(ids));
  const items = useMemo(() => ids.map((id) => ({ id, test: named.data?.get(id) })), [ids, named.data]);
  if (ids.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It has none any more, and so cannot run until it is given some.
      </Text>
    );
  }
  return (
    <>
      {named.error ? <Failure error={named.error} retry={() => void named.refetch()} /> : null}
      <Rows items={items} label="Tests of the job, in their order">
        {({ id, test }, place) => (
          <div className={classes.line}>
            <Text size="sm" c="dimmed" w={28} ta="right" component="span" style={{ flex: "none" }}>
              {place + 1}
            </Text>
            <span className={classes.sign}>{lastOf(test)}</span>
            <Anchor component={Link} to={`/tests/${id}`} size="sm" truncate style={{ flex: 1, minWidth: 0 }}>
              {test?.title ?? (named.isPending ? "…" : id)}
            </Anchor>
            {test?.tags.slice(0, 2).map((tag) => (
              <Badge key={tag} variant="default" tt="none" fw={500} visibleFrom="xs" style={{ flex: "none" }}>
                {tag}
              </Badge>
            ))}
          </div>
        )}
      </Rows>
    </>
  );
}

function lastOf(test: SavedTestSummary | undefined) {
  const last = test?.recent.at(-1);
  return last ? <StatusIcon status={last.status} /> : null;
}
