/** Sends a draft to be run, and has it announced and watched. */
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { runsChanged } from "../api/queries";
import { follow } from "../live/followed";
import { onceKey } from "../live/start";
import { type Draft, requestOf } from "./draft";
import type { Watched } from "./watched";

export function useRunDraft(watch: (run: Watched) => void) {
  const unanswered = useRef<{ of: string; key: ReturnType<typeof onceKey> }>(undefined);
  return useMutation({
    mutationFn: async (draft: Draft) => {
      const request = requestOf(draft);
      const of = JSON.stringify(request);
      // The same script again, after an answer was lost, is the same run.
      const key = unanswered.current?.of === of ? unanswered.current.key : onceKey();
      unanswered.current = { of, key };
      try {
        const accepted = await body(api.POST("/api/test", { body: request, params: { header: key } }));
        unanswered.current = undefined;
        return { id: accepted.testId, title: request.title ?? "Playground", events: accepted.links.events };
      } catch (error) {
        if (error instanceof ProblemError && !error.passing) {
          unanswered.current = undefined;
        }
        throw error;
      }
    },
    onSuccess: (run) => {
      follow({ ...run, kind: "test" });
      watch(run);
      runsChanged();
    },
  });
}
