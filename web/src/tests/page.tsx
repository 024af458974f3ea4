/** One test, or the next one: `/tests/new`. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { testQuery } from "../api/queries";
import { NotForYou } from "../app/allowed";
import { useMay } from "../parts/may";
import { Failure, Page, Waiting } from "../parts/page";
import { FIRST } from "../playground/templates";
import { Edit } from "./edit";
import type { Writing } from "./writing";

const NEW: Writing = { title: "", description: "", tags: [], path: "", script: FIRST.script };

export function TestPage() {
  const { id = "new" } = useParams();
  const edits = useMay("editor");
  if (id === "new" && !edits) {
    return <NotForYou needed="editor" />;
  }
  return id === "new" ? <Edit key="new" fresh={NEW} /> : <Saved key={id} id={id} />;
}

function Saved({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(testQuery(id));
  if (data) {
    return <Edit test={data} />;
  }
  return (
    <Page title="Test">
      {error ? <Failure error={error} retry={() => void refetch()} /> : <Waiting rows={5} height={96} />}
    </Page>
  );
}
