/** How members come in, or what is missing for it. */
import { Alert, Card, Code, List, Stack, Text, Title } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { Copied } from "../keys/secret";

const SETTINGS = [
  ["OIDC_ISSUER", "the issuer's URL, such as https://login.example.com"],
  ["OIDC_CLIENT_ID", "what Matinee is called there"],
  ["OIDC_CLIENT_SECRET", "the secret that goes with it"],
  ["OIDC_NAME", "what people call it, such as Okta; it stands on the button"],
] as const;

export function Explanation({ way }: { way: string | undefined }) {
  return (
    <Card withBorder padding="md" component="section">
      <Stack gap="sm">
        <Title order={2} size="h4">
          How members come in
        </Title>
        {way ? (
          <>
            <Text size="sm">
              At this address they sign in with {way}, as who they are there. Their address there is the one by which
              you add them here. Matinee sends no letters: tell them yourself.
            </Text>
            <Copied text={`${window.location.origin}/sign-in`} what="the address" />
          </>
        ) : (
          <NoWay />
        )}
      </Stack>
    </Card>
  );
}

function NoWay() {
  return (
    <>
      <Alert variant="light" icon={<IconInfoCircle />} title="Nobody can sign in as a member yet">
        Members sign in by an OpenID Connect issuer (Okta, Entra ID, Google, Cognito, Keycloak, …), and this
        installation has none. You can add members now; they come in once it has one.
      </Alert>
      <Text size="sm">At the issuer, make a client of the kind “web application” with this address to return to:</Text>
      <Copied text={`${window.location.origin}/api/session/sign-on/callback`} what="the address to return to" />
      <Text size="sm">Then start Matinee with these settings:</Text>
      <List size="sm">
        {SETTINGS.map(([name, about]) => (
          <List.Item key={name}>
            <Code>{name}</Code>: {about}
          </List.Item>
        ))}
      </List>
    </>
  );
}
