/** Revokes a key, after saying what that means. */
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { ProblemError } from "../api/problem";
import { complain } from "../live/start";
import { Confirm } from "../parts/confirm";
import type { Key } from "./entry";

export function Revoke({
  entry,
  what = "key",
  ask,
  done,
  close,
  children,
}: {
  entry: Key;
  what?: string;
  ask: () => Promise<unknown>;
  /** It is good for nothing any more, whoever saw to that. */
  done: () => void;
  close: () => void;
  children: ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const revoke = async () => {
    setBusy(true);
    try {
      await ask();
      notifications.show({ color: "teal", title: "Revoked", message: entry.name });
      done();
      close();
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) {
        notifications.show({ color: "yellow", title: `This ${what} was already revoked`, message: entry.name });
        done();
        close();
      } else {
        complain(error);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <Confirm
      opened
      title={`Revoke “${entry.name}”?`}
      yes={`Revoke the ${what}`}
      busy={busy}
      onYes={() => void revoke()}
      onNo={close}
    >
      {children}
    </Confirm>
  );
}
