/** Asks for a new API key's name, role and expiry, and makes it. */
import { useState } from "react";
import { api, body } from "../api/client";
import type { Role } from "../api/types";
import { RoleChoice } from "../parts/role-choice";
import { NewKey } from "./new-key";

const EXPIRIES = [30, 90, 365, undefined];
const USUAL_DAYS = 90;

export function NewApiKey({ made, close }: { made: (key: { name: string; key: string }) => void; close: () => void }) {
  const [role, setRole] = useState<Role>("editor");
  return (
    <NewKey
      title="New API key"
      placeholder="CI of the shop"
      choices={EXPIRIES}
      usual={USUAL_DAYS}
      make={async ({ name, days }) =>
        made(await body(api.POST("/api/keys", { body: { name, role, ...(days ? { expiresInDays: days } : {}) } })))
      }
      close={close}
    >
      <RoleChoice value={role} change={setRole} />
    </NewKey>
  );
}
