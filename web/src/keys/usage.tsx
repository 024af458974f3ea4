/** What an API key is good for. */
import { Stack, Text } from "@mantine/core";
import { Use } from "./secret";

export function Usage({ secret = "mt_…" }: { secret?: string }) {
  const server = window.location.origin;
  return (
    <Stack gap="sm">
      <Use title="From a shell" text={`curl -H 'Authorization: Bearer ${secret}' ${server}/api/runs`} />
      <Use
        title="From the command line"
        text={`export MATINEE_SERVER=${server}\nexport MATINEE_API_KEY=${secret}\nmatinee jobs list`}
      />
      <Text size="sm" c="dimmed">
        In CI, keep it as a secret named MATINEE_API_KEY and hand it to the step that calls <code>matinee</code>; the
        README has a workflow to copy. Never write a key into a file that is committed.
      </Text>
    </Stack>
  );
}
