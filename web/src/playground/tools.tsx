/** What one can do with a draft. */
import { Button, Kbd, Menu, Text, Tooltip } from "@mantine/core";
import { IconChevronDown, IconDeviceFloppy, IconFilePlus, IconPlayerPlay, IconTemplate } from "@tabler/icons-react";
import { useMay } from "../parts/may";
import { TEMPLATES, type Template } from "./templates";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Tools({
  choose,
  save,
  run,
  starting,
  empty,
}: {
  choose: (what: Template | "new") => void;
  save: () => void;
  run: () => void;
  starting: boolean;
  empty: boolean;
}) {
  const edits = useMay("editor");
  return (
    <>
      <Menu position="bottom-end" width={300}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconTemplate size={16} aria-hidden />}
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            Templates
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {TEMPLATES.map((each) => (
            <Menu.Item key={each.id} onClick={() => choose(each)}>
              <Text size="sm" fw={600}>
                {each.name}
              </Text>
              <Text size="xs" c="dimmed">
                {each.about}
              </Text>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconFilePlus size={16} aria-hidden />} onClick={() => choose("new")}>
            New: script and options
          </Menu.Item>
          {edits ? (
            <Menu.Item
              hiddenFrom="sm"
              leftSection={<IconDeviceFloppy size={16} aria-hidden />}
              onClick={save}
              disabled={empty}
            >
              Save as test
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      {edits ? (
        <>
          <Button
            variant="default"
            onClick={save}
            disabled={empty}
            leftSection={<IconDeviceFloppy size={16} aria-hidden />}
            visibleFrom="sm"
          >
            Save as test
          </Button>
          <Tooltip
            label={
              <>
                <Kbd size="xs">{MAC ? "⌘" : "Ctrl"}</Kbd> + <Kbd size="xs">Enter</Kbd>
              </>
            }
          >
            <Button
              onClick={run}
              loading={starting}
              disabled={empty}
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
            >
              Run
            </Button>
          </Tooltip>
        </>
      ) : null}
    </>
  );
}
