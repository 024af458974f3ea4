/** Asks before one leaves what is not saved. */
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { Confirm } from "../parts/confirm";
import { SETTLED } from "./use-writing";

export function Leaving({ dirty }: { dirty: boolean }) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      dirty && nextLocation.state !== SETTLED && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!dirty) {
      return;
    }
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
  return (
    <Confirm
      opened={blocker.state === "blocked"}
      title="Leave without saving?"
      yes="Leave"
      onNo={() => blocker.reset?.()}
      onYes={() => blocker.proceed?.()}
    >
      What you changed in this test is not saved.
    </Confirm>
  );
}
