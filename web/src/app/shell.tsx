/** The frame of all pages: who you are, where you can go, what runs now. */
import {
  ActionIcon,
  AppShell,
  Box,
  Burger,
  Center,
  Divider,
  Group,
  Loader,
  NavLink,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconChartBar,
  IconGauge,
  IconHistory,
  IconKey,
  IconListCheck,
  IconListDetails,
  IconMoon,
  IconPlayerPlay,
  IconStack2,
  IconSun,
  IconUsers,
  IconVariable,
  type TablerIcon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, Navigate, Outlet, useLocation, useNavigation } from "react-router";
import { onForbidden, onSignedOut } from "../api/client";
import { cache, enter, sessionQuery } from "../api/queries";
import type { Session } from "../api/types";
import { Announcer } from "../live/announce";
import { useMay } from "../parts/may";
import { Failure } from "../parts/page";
import { Account } from "./account";
import { Activity } from "./activity";
import { Logo } from "./logo";

interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: TablerIcon;
  readonly owners?: boolean;
}

const PLACES: readonly Place[] = [
  { to: "/", label: "Dashboard", icon: IconChartBar },
  { to: "/playground", label: "Playground", icon: IconPlayerPlay },
  { to: "/tests", label: "Tests", icon: IconListCheck },
  { to: "/jobs", label: "Jobs", icon: IconStack2 },
  { to: "/runs", label: "Runs", icon: IconHistory },
];

/** What belongs to the workspace as a whole. */
const WORKSPACE: readonly Place[] = [
  { to: "/variables", label: "Variables", icon: IconVariable },
  { to: "/usage", label: "Usage", icon: IconGauge },
  { to: "/keys", label: "API keys", icon: IconKey, owners: true },
  { to: "/members", label: "Members", icon: IconUsers, owners: true },
  { to: "/audit", label: "Audit log", icon: IconListDetails, owners: true },
];

export function Shell() {
  const session = useQuery(sessionQuery);
  const location = useLocation();
  useEffect(() => {
    onSignedOut(() => void enter(null));
    onForbidden(() => void cache.invalidateQueries(sessionQuery));
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each step, for somebody may have changed the role meanwhile
  useEffect(() => {
    void cache.prefetchQuery({ ...sessionQuery, staleTime: 0 });
  }, [location.pathname]);
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
          <Loader role="status" aria-label="Loading" />
        )}
      </Center>
    );
  }
  return <Frame session={session.data} />;
}

function Frame({ session }: { session: Session }) {
  const [opened, { toggle, close }] = useDisclosure(false);
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
            {underWay ? <Loader size="xs" role="status" aria-label="Loading" /> : null}
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Activity />
            <Scheme />
            <Account session={session} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Places places={PLACES} onStep={close} />
        <Divider my="xs" label="Workspace" labelPosition="left" />
        <Places places={WORKSPACE} onStep={close} />
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

function Places({ places, onStep }: { places: readonly Place[]; onStep: () => void }) {
  const { pathname } = useLocation();
  const owns = useMay("owner");
  return places
    .filter(({ owners }) => owns || !owners)
    .map(({ to, label, icon: Icon }) => {
      const here = to === "/" ? pathname === "/" : pathname.startsWith(to);
      return (
        <NavLink
          key={to}
          component={Link}
          to={to}
          label={label}
          leftSection={<Icon size={18} aria-hidden />}
          active={here}
          aria-current={here ? "page" : undefined}
          onClick={onStep}
          variant="light"
          style={{ borderRadius: "var(--mantine-radius-md)" }}
        />
      );
    });
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
