/** The run that the playground shows. It is this tab's, and is there again after a reload. */
import { useCallback, useState } from "react";

export interface Watched {
  readonly id: string;
  readonly title: string;
  readonly events: string;
}

const PLACE = "matinee.playground.run";

export function useWatched() {
  const [watched, setWatched] = useState(read);
  const watch = useCallback((run: Watched | undefined) => {
    setWatched(run);
    if (run) {
      sessionStorage.setItem(PLACE, JSON.stringify(run));
    } else {
      sessionStorage.removeItem(PLACE);
    }
  }, []);
  return [watched, watch] as const;
}

function read(): Watched | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Watched | null;
    return found?.id && found.events ? found : undefined;
  } catch {
    return undefined;
  }
}
