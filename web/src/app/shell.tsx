/** The frame of all pages: who you are, where you can go, what runs now. */
import {
  ActionIcon,
  AppShell,
  Box,
  Burger,
  Center,
  Group,
  Loader,
  Menu,
  NavLink,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconChartBar,
  IconHistory,
  IconKey,
  IconListCheck,
  IconLogout,
  IconMoon,
  IconPlayerPlay,
  IconStack2,
  IconSun,
  IconUserCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, Navigate, Outlet, useLocation, useNavigation } from "react-router";
import { api, onSignedOut } from "../api/client";
import { enter, sessionQuery } from "../api/queries";
import { Announcer } from "../live/announce";
import { complain } from "../live/start";
import { Failure } from "../parts/page";
import { Activity } from "./activity";
import { Logo } from "./logo";

const PLACES: readonly { to: string; label: string; icon: TablerIcon }[] = [
  { to: "/", label: "Dashboard", icon: IconChartBar },
  { to: "/playground", label: "Playground", icon: IconPlayerPlay },
  { to: "/tests", label: "Tests", icon: IconListCheck },
  { to: "/jobs", label: "Jobs", icon: IconStack2 },
  { to: "/runs", label: "Runs", icon: IconHistory },
  { to: "/keys", label: "API keys", icon: IconKey },
];

export function Shell() {
  const session = useQuery(sessionQuery);
  const location = useLocation();
  useEffect(() => onSignedOut(() => void enter(null)), []);
  if (session.data === null) {
    const next = `${location.pathname}${location.search}`;
    return <Navigate to={`/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  if (!session.data) {
    return (
      <Center mih="100vh" p="md" component="main">
        {session.error ? (
          <Failure error={session.error} retry={() => void session.refetch()} />
        ) : (
          <Loader aria-label="Loading" />
        )}
      </Center>
    );
  }
  const { key, member, workspace } = session.data;
  return <Frame who={member?.name ?? member?.email ?? key?.name ?? ""} where={workspace.name} />;
}

function Frame({ who, where }: { who: string; where: string }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const underWay = useNavigation().state !== "idle";
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a href="#main" className="skip">
        Skip to content
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Logo />
            {underWay ? <Loader size="xs" aria-label="Loading" /> : null}
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Activity />
            <Scheme />
            <Account who={who} where={where} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {PLACES.map(({ to, label, icon: Icon }) => (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            leftSection={<Icon size={18} aria-hidden />}
            active={to === "/" ? pathname === "/" : pathname.startsWith(to)}
            aria-current={(to === "/" ? pathname === "/" : pathname.startsWith(to)) ? "page" : undefined}
            onClick={close}
            variant="light"
            style={{ borderRadius: "var(--mantine-radius-md)" }}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Box maw={1680} mx="auto">
          <Outlet />
        </Box>
      </AppShell.Main>
      <Announcer />
    </AppShell>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={dark ? "Light colours" : "Dark colours"}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  );
}

function Account({ who, where }: { who: string; where: string }) {
  const signOut = async () => {
    try {
      await api.DELETE("/api/session");
      await enter(null);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Account">
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Box px="sm" py={6}>
          <Text size="sm" fw={600}>
            {where}
          </Text>
          <Text size="xs" c="dimmed">
            signed in with “{who}”
          </Text>
        </Box>
        <Menu.Divider />
        <Menu.Item leftSection={<IconKey size={16} />} component={Link} to="/keys">
          API keys
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
