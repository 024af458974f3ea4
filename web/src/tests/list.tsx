/** The saved tests: find one, run it, make a job of some. */
import { Button, Checkbox, Group, MultiSelect, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconListCheck, IconPlus, IconSearch, IconStack2 } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { count } from "../parts/format";
import { useMay } from "../parts/may";
import { Empty, Failure, Page, Waiting } from "../parts/page";
import { NoTests } from "./none";
import { tagsQuery, testsQuery } from "./queries";
import { TestRow } from "./row";
import classes from "./tests.module.css";

const PAUSE_MS = 250;

export function TestList() {
  const [address, setAddress] = useSearchParams();
  const filter = { search: address.get("search") ?? "", tags: address.getAll("tag") };
  const [typed, setTyped] = useState(filter.search);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const found = useInfiniteQuery({ ...testsQuery(filter), placeholderData: keepPreviousData });
  const { data: tags } = useQuery(tagsQuery);
  const tests = found.data?.pages.flatMap((page) => page.items) ?? [];
  const edits = useMay("editor");
  const filtered = Boolean(filter.search || filter.tags.length);

  const put = (search: string, wanted: readonly string[]) =>
    setAddress([...(search ? [["search", search]] : []), ...wanted.map((tag) => ["tag", tag])] as [string, string][], {
      replace: true,
    });
  const look = useDebouncedCallback((search: string) => put(search.trim(), filter.tags), PAUSE_MS);
  const clear = () => {
    setTyped("");
    put("", []);
  };
  const choose = (ids: readonly string[], yes: boolean) =>
    setChosen((before) => new Set(yes ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))));
  const all = tests.length > 0 && tests.every(({ id }) => chosen.has(id));

  return (
    <Page
      title="Tests"
      actions={
        edits ? (
          <Button component={Link} to="/tests/new" leftSection={<IconPlus size={16} aria-hidden />}>
            New test
          </Button>
        ) : null
      }
    >
      <Group gap="sm" align="flex-start">
        <TextInput
          aria-label="Search tests"
          placeholder="Search title, description, path"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            look(event.currentTarget.value);
          }}
          className={classes.search}
        />
        <MultiSelect
          aria-label="Tags"
          placeholder={filter.tags.length ? "" : "Tags"}
          data={[...new Set([...filter.tags, ...(tags?.items.map(({ tag }) => tag) ?? [])])]}
          value={filter.tags}
          onChange={(wanted) => put(filter.search, wanted)}
          searchable
          clearable
          nothingFoundMessage="No such tag"
          className={classes.tags}
        />
      </Group>
      {found.error ? <Failure error={found.error} retry={() => void found.refetch()} /> : null}
      {found.isPending ? <Waiting rows={8} height={48} /> : null}
      {found.data && tests.length === 0 && !filtered ? <NoTests /> : null}
      {found.data && tests.length === 0 && filtered ? (
        <Empty
          icon={IconListCheck}
          title="No test is like that"
          action={
            <Button variant="default" onClick={clear}>
              Show all tests
            </Button>
          }
        >
          Nothing has all of what you search for.
        </Empty>
      ) : null}
      {tests.length ? (
        <>
          {edits ? (
            <Group justify="space-between" mih={30}>
              <Text size="sm" c="dimmed" aria-live="polite">
                {chosen.size ? `${count(chosen.size, "test")} chosen` : "Choose tests to make a job of them"}
              </Text>
              {chosen.size ? (
                <Group gap="xs">
                  <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set())}>
                    None
                  </Button>
                  <Button
                    size="compact-sm"
                    component={Link}
                    to={`/jobs/new?tests=${[...chosen].join(",")}`}
                    leftSection={<IconStack2 size={14} aria-hidden />}
                  >
                    Make a job
                  </Button>
                </Group>
              ) : null}
            </Group>
          ) : null}
          <Table verticalSpacing={8} horizontalSpacing="xs" highlightOnHover className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                {edits ? (
                  <Table.Th w={36}>
                    <Checkbox
                      size="xs"
                      aria-label="Choose all that are shown"
                      checked={all}
                      indeterminate={!all && tests.some(({ id }) => chosen.has(id))}
                      onChange={(event) =>
                        choose(
                          tests.map(({ id }) => id),
                          event.currentTarget.checked,
                        )
                      }
                    />
                  </Table.Th>
                ) : null}
                <Table.Th>Test</Table.Th>
                <Table.Th visibleFrom="sm" w={118}>
                  Last result
                </Table.Th>
                <Table.Th visibleFrom="md" w={156}>
                  Recent runs
                </Table.Th>
                <Table.Th visibleFrom="lg" w={130}>
                  Changed
                </Table.Th>
                {edits ? <Table.Th w={56} aria-label="Run" /> : null}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {tests.map((test) => (
                <TestRow
                  key={test.id}
                  test={test}
                  chosen={chosen.has(test.id)}
                  choose={edits ? (yes) => choose([test.id], yes) : undefined}
                />
              ))}
            </Table.Tbody>
          </Table>
          {found.hasNextPage ? (
            <Button
              variant="default"
              w="fit-content"
              mx="auto"
              loading={found.isFetchingNextPage}
              onClick={() => void found.fetchNextPage()}
            >
              Load more
            </Button>
          ) : null}
        </>
      ) : null}
    </Page>
  );
}
