/** The way through the installation's OpenID Connect issuer, which sends the browser back to us. */
import { Button, Divider } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { useState } from "react";
import { ProblemError } from "../api/problem";
import { keepNext } from "../app/next";

export function SingleSignOn({
  name,
  next,
  tell,
}: {
  name: string;
  /** Where to go afterwards. */
  next: string;
  tell: (error: string | undefined) => void;
}) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    tell(undefined);
    try {
      const way = `/api/session/sign-on?origin=${encodeURIComponent(window.location.origin)}`;
      await look(way);
      keepNext(next);
      window.location.assign(way);
    } catch (problem) {
      tell(problem instanceof ProblemError ? problem.message : String(problem));
    } finally {
      setBusy(false); // whoever comes back from there by the browser's button may begin anew
    }
  };
  return (
    <>
      <Button
        onClick={() => void go()}
        loading={busy}
        leftSection={<IconLogin2 size={18} aria-hidden />}
        fullWidth
        autoFocus
      >
        Sign in with {name}
      </Button>
      <Divider label="or with an API key" />
    </>
  );
}

/** See whether it leads on: a browser that goes there and is refused shows nothing but JSON. */
async function look(way: string): Promise<void> {
  const answer = await fetch(way, { redirect: "manual" }).catch(() => undefined);
  if (answer?.type !== "opaqueredirect") {
    throw new ProblemError(answer?.status ?? 0, await answer?.json().catch(() => undefined));
  }
}
