/** Asks before what was typed is left behind. */
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { Confirm } from "./confirm";

/** State of a step elsewhere that leaves nothing behind: after saving something new, or deleting it. */
export const SETTLED = "settled";

export function LeaveGuard({ when }: { when: boolean }) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      when && nextLocation.state !== SETTLED && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!when) {
      return;
    }
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [when]);
  return (
    <Confirm
      opened={blocker.state === "blocked"}
      title="Leave without saving?"
      yes="Leave"
      onYes={() => blocker.proceed?.()}
      onNo={() => blocker.reset?.()}
    >
      What you changed here would be lost.
    </Confirm>
  );
}
