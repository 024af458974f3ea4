/** The way in: an API key, or a one-time link, becomes a session. */
import { Alert, Anchor, Button, Card, Center, Code, Loader, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { enter, sessionQuery, waysQuery } from "../api/queries";
import { Logo } from "../app/logo";
import { safe } from "../app/next";
import { SingleSignOn } from "./single-sign-on";

export function SignIn() {
  const [search] = useSearchParams();
  const session = useQuery(sessionQuery);
  const ways = useQuery(waysQuery);
  const [key, setKey] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const next = safe(search.get("next"));
  // In the fragment, which no server and no log ever sees. It may come while this page is open already.
  const link = useLocation().hash.slice(1);

  const come = async (credentials: { key: string } | { link: string }) => {
    setBusy(true);
    setError(undefined);
    try {
      const made = await body(api.POST("/api/session", { body: credentials }));
      await enter(made);
      await navigate(next, { replace: true });
    } catch (problem) {
      setError(problem instanceof ProblemError ? problem.message : String(problem));
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => {
    document.title = "Sign in · Matinee";
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a link is good for one time
  useEffect(() => {
    if (link) {
      void navigate({ search: window.location.search, hash: "" }, { replace: true });
      void come({ link });
    }
  }, [link]);

  if (session.data && !busy && !error && !link) {
    return <Navigate to={next} replace />;
  }
  if (ways.isPending) {
    return (
      <Center mih="100vh" component="main">
        <Loader role="status" aria-label="Loading" />
      </Center>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void come({ key: key.trim() });
  };
  return (
    <Center mih="100vh" p="md" component="main">
      <Card withBorder padding="xl" maw={420} w="100%" component="form" onSubmit={submit}>
        <Stack>
          <Logo />
          <Title order={1} size="h3">
            Sign in
          </Title>
          {error ? (
            <Alert color="red" variant="light" role="alert">
              {error}
            </Alert>
          ) : null}
          {busy && !key ? <Loader size="sm" role="status" aria-label="Signing in" /> : null}
          {ways.data?.singleSignOn ? <SingleSignOn name={ways.data.singleSignOn} next={next} tell={setError} /> : null}
          <PasswordInput
            label="API key"
            placeholder="mt_…"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            autoComplete="current-password"
            autoFocus={!ways.data?.singleSignOn}
            required
            visibilityToggleButtonProps={{ "aria-label": "Show the key" }}
          />
          <Button type="submit" loading={busy} fullWidth variant={ways.data?.singleSignOn ? "default" : "filled"}>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            On your own machine the key is in <Code>.matinee/api-key</Code>, and <Code>matinee sign-in</Code> prints a
            link that needs none. Elsewhere, whoever deployed Matinee can make one for you.{" "}
            <Anchor href="/api/health" inherit underline="always">
              Is it up?
            </Anchor>
          </Text>
        </Stack>
      </Card>
    </Center>
  );
}
