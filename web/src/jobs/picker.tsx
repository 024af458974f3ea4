/** Saved tests to put into a job: searched, by tag, one by one or all that are shown. */
import { Anchor, Badge, Box, Button, Checkbox, Group, MultiSelect, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { memo, useCallback, useMemo, useState } from "react";
import { Link } from "react-router";
import { Failure, Waiting } from "../parts/page";
import type { Picked } from "./draft";
import classes from "./jobs.module.css";
import { added } from "./order";
import { tagsQuery, testsQuery } from "./queries";
import { ROW, Rows } from "./rows";

const MOST_TAGS = 2;

export const Picker = memo(function Picker({
  tests,
  change,
}: {
  tests: readonly Picked[];
  change: (how: (tests: readonly Picked[]) => readonly Picked[]) => void;
}) {
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search.trim(), 250);
  const [tags, setTags] = useState<string[]>([]);
  const [adding, setAdding] = useState(false);
  const found = useInfiniteQuery(testsQuery(wanted, tags));
  const known = useQuery(tagsQuery);
  const there = useMemo(() => new Set(tests.map((test) => test.id)), [tests]);
  const items = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const more = `${found.hasNextPage ? "+" : ""}`;

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) {
      void fetchNextPage();
    }
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const addAll = async () => {
    setAdding(true);
    let all = { data: found.data, hasNextPage: found.hasNextPage, isError: false };
    while (all.hasNextPage && !all.isError) {
      all = await fetchNextPage();
    }
    setAdding(false);
    change((list) => added(list, all.data?.pages.flatMap((page) => page.items) ?? []));
  };
  const toggle = (test: Picked) =>
    change((list) => (there.has(test.id) ? list.filter((each) => each.id !== test.id) : [...list, test]));

  return (
    <Stack gap="xs">
      <Group gap="xs" grow preventGrowOverflow={false} align="flex-start">
        <TextInput
          aria-label="Search tests to add"
          placeholder="Search tests"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          miw={150}
        />
        {known.data?.items.length ? (
          <MultiSelect
            aria-label="Only tests with all of these tags"
            placeholder={tags.length ? "" : "Tags"}
            data={known.data.items.map(({ tag, tests: many }) => ({ value: tag, label: `${tag} (${many})` }))}
            value={tags}
            onChange={setTags}
            searchable
            clearable
            miw={150}
          />
        ) : null}
      </Group>
      {found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Waiting rows={6} height={ROW - 12} /> : null}
      {found.data && items.length === 0 ? (
        <Text size="sm" c="dimmed" py="md">
          {wanted || tags.length ? (
            "No test fits. Search for less, or take a tag away."
          ) : (
            <>
              There are no saved tests yet. Write one in the{" "}
              <Anchor component={Link} to="/playground">
                playground
              </Anchor>{" "}
              and save it there.
            </>
          )}
        </Text>
      ) : null}
      {items.length ? (
        <>
          <Rows items={items} label="Tests to add" most={7} onEnd={onEnd}>
            {(test) => (
              // biome-ignore lint/a11y/noLabelWithoutControl: Mantine's checkbox is one
              <label className={classes.pick}>
                <Checkbox checked={there.has(test.id)} onChange={() => toggle(test)} />
                <Box style={{ flex: 1, minWidth: 0 }}>
                  <Text size="sm" truncate title={test.title}>
                    {test.title}
                  </Text>
                  {test.path ? (
                    <Text size="xs" c="dimmed" truncate>
                      {test.path}
                    </Text>
                  ) : null}
                </Box>
                {test.tags.slice(0, MOST_TAGS).map((tag) => (
                  <Badge key={tag} variant="default" tt="none" fw={500} visibleFrom="xs" style={{ flex: "none" }}>
                    {tag}
                  </Badge>
                ))}
              </label>
            )}
          </Rows>
          <Group justify="space-between">
            <Text size="sm" c="dimmed" aria-live="polite">
              {items.length.toLocaleString("en")}
              {more} shown, {items.filter((test) => there.has(test.id)).length} of them in the job
            </Text>
            <Button variant="default" size="xs" loading={adding} onClick={() => void addAll()}>
              Add all shown
            </Button>
          </Group>
        </>
      ) : null}
    </Stack>
  );
});
