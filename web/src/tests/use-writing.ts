/** A test while it is written: what it was, what it is to be, and what happens if somebody else saved in between. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api, body } from "../api/client";
import { ProblemError } from "../api/problem";
import { cache, testQuery } from "../api/queries";
import type { SavedTest } from "../api/types";
import { SETTLED } from "../parts/leave";
import { isSame, requestOf, type Writing, writingOf } from "./writing";

export function useWriting(test: SavedTest | undefined, fresh: Writing | undefined) {
  const navigate = useNavigate();
  const [base, setBase] = useState(test);
  const was = base ? writingOf(base) : (fresh as Writing);
  const [writing, setWriting] = useState(was);
  const [mine, setMine] = useState<Writing>();
  const dirty = !isSame(writing, was);

  // Somebody saved it elsewhere: whoever changed nothing here sees that; who did is asked when saving.
  useEffect(() => {
    if (test && base && test.version > base.version && !dirty) {
      setBase(test);
      setWriting(writingOf(test));
    }
  }, [test, base, dirty]);

  const save = useMutation({
    /** Over `version`; else over the one that was read. */
    mutationFn: async (version?: number) =>
      base
        ? body(
            api.PUT("/api/tests/{test_id}", {
              params: { path: { test_id: base.id }, header: { "if-match": `"${version ?? base.version}"` } },
              body: requestOf(writing),
            }),
          )
        : body(api.POST("/api/tests", { body: requestOf(writing) })),
    onSuccess: (saved) => {
      setBase(saved);
      setWriting((now) => (isSame(now, writing) ? writingOf(saved) : now)); // one may have written on meanwhile
      setMine(undefined);
      cache.setQueryData(testQuery(saved.id).queryKey, saved);
      void cache.invalidateQueries({ queryKey: ["tests"] });
      if (!base) {
        navigate(`/tests/${saved.id}`, { replace: true, state: SETTLED });
      }
    },
  });

  const inBetween = save.error instanceof ProblemError && save.error.status === 412;
  const { data: theirs } = useQuery({
    queryKey: ["tests", "theirs", base?.id, save.submittedAt],
    queryFn: ({ signal }) =>
      body(api.GET("/api/tests/{test_id}", { params: { path: { test_id: base?.id ?? "" } }, signal })),
    enabled: inBetween && base !== undefined,
  });

  return {
    writing,
    change: (part: Partial<Writing>) => {
      setWriting((before) => ({ ...before, ...part }));
      if (save.error) {
        save.reset();
      }
    },
    dirty,
    save,
    version: base?.version,
    /** What somebody else saved since this was read, if that keeps it from being saved. */
    theirs: inBetween ? theirs : undefined,
    loadTheirs: () => {
      if (theirs) {
        setMine(writing);
        setBase(theirs);
        setWriting(writingOf(theirs));
        cache.setQueryData(testQuery(theirs.id).queryKey, theirs);
        save.reset();
      }
    },
    saveOver: () => save.mutate(theirs?.version),
    /** What was written here before theirs was loaded. */
    mine,
    takeMine: () => {
      if (mine) {
        setWriting(mine);
        setMine(undefined);
      }
    },
  };
}
