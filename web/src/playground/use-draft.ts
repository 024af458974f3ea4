/** The draft, as it was when this browser last had it, and kept while it is written. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Draft, keepDraft, readDraft } from "./draft";

const PAUSE_MS = 400;

export function useDraft() {
  const [draft, setDraft] = useState(readDraft);
  const unsaved = useRef<Draft>(undefined);
  const change = useCallback((part: Partial<Draft>) => {
    setDraft((before) => {
      const after = { ...before, ...part };
      unsaved.current = after;
      return after;
    });
  }, []);
  useEffect(() => {
    const save = () => {
      if (unsaved.current) {
        keepDraft(unsaved.current);
        unsaved.current = undefined;
      }
    };
    if (unsaved.current !== draft) {
      return;
    }
    const timer = window.setTimeout(save, PAUSE_MS);
    window.addEventListener("pagehide", save); // a reload does not wait for the pause
    return () => {
      window.clearTimeout(timer);
      window.removeEventListener("pagehide", save);
    };
  }, [draft]);
  useEffect(
    () => () => {
      if (unsaved.current) {
        keepDraft(unsaved.current);
      }
    },
    [],
  );
  return [draft, change] as const;
}
