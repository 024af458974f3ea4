/** The variables of the workspace, or of one job: shown to all, changed by editors. */
import { Button, Stack } from "@mantine/core";
import { IconPlus, IconVariable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Variable } from "../api/types";
import keys from "../keys/keys.module.css";
import { useMay } from "../parts/may";
import { Empty, Failure, Waiting } from "../parts/page";
import { Entry } from "./entry";
import { variablesQuery } from "./queries";
import { Remove } from "./remove";
import { Save } from "./save";

export function Variables({ job }: { job: string | undefined }) {
  const variables = useQuery(variablesQuery(job));
  const edits = useMay("editor");
  /** What is being saved: a variable that there is, or a new one. */
  const [saving, setSaving] = useState<Variable | "new">();
  const [removing, setRemoving] = useState<Variable>();
  const add = edits ? (
    <Button
      variant={job ? "default" : "filled"}
      size={job ? "xs" : "sm"}
      w="fit-content"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setSaving("new")}
    >
      Add a variable
    </Button>
  ) : undefined;
  const none = variables.data?.items.length === 0;
  return (
    <Stack gap="sm" align="stretch">
      {variables.error && !variables.data ? (
        <Failure error={variables.error} retry={() => void variables.refetch()} />
      ) : variables.isPending ? (
        <Waiting rows={job ? 1 : 3} height={48} />
      ) : null}
      {none && !job ? (
        <Empty icon={IconVariable} title="No variables yet" action={add}>
          An address, an account's name; or a secret, such as a password or a token: that is encrypted, nobody sees it
          again, and no run shows it.
        </Empty>
      ) : (
        <>
          {none ? null : (
            <ul className={keys.keys} aria-label="Variables">
              {variables.data?.items.map((variable) => (
                <li key={variable.name}>
                  <Entry
                    variable={variable}
                    change={edits ? () => setSaving(variable) : undefined}
                    remove={edits ? () => setRemoving(variable) : undefined}
                  />
                </li>
              ))}
            </ul>
          )}
          {add}
        </>
      )}
      {saving ? (
        <Save job={job} variable={saving === "new" ? undefined : saving} close={() => setSaving(undefined)} />
      ) : null}
      {removing ? <Remove job={job} variable={removing} close={() => setRemoving(undefined)} /> : null}
    </Stack>
  );
}
