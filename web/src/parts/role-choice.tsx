/** A choice of one of the roles. */
import { Radio, Stack } from "@mantine/core";
import type { Role } from "../api/types";
import { ROLE_LOOKS } from "./role";
import { ROLES } from "./roles";

export function RoleChoice({ value, change }: { value: Role; change: (role: Role) => void }) {
  return (
    <Radio.Group label="Role" value={value} onChange={(chosen) => change(chosen as Role)}>
      <Stack gap={8} mt={6}>
        {ROLES.map((role) => (
          <Radio key={role} value={role} label={ROLE_LOOKS[role].label} description={ROLE_LOOKS[role].may} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
