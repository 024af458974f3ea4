"""What the help of commands shows below their arguments."""

EXIT_CODES = """exit code: 0 all passed, 1 some failed or timed out, 2 some could not run,
130 interrupted"""
LATER = "without --wait 0 as soon as it is queued"
TEMPORARY = """If no server is named and none is up on this machine, a temporary one is
started."""

RUN_EXAMPLES = f"""examples:
  matinee run examples/shop.spec.ts
  matinee run --retries 2 --base-url https://example.com tests/*.spec.ts

{EXIT_CODES}
{TEMPORARY}"""

PUSH_EXAMPLES = """examples:
  matinee tests push e2e/
  matinee tests push e2e/ --tag shop --job nightly --parallelism 20

A file goes by its path below DIR: pushed again, it is the same test, in a new
version or unchanged. With --job the job of that name has exactly these tests,
in the order of their paths; it is made if there is none, and settings that are
not given stay as they are.

exit code: 0 all are saved, 2 some could not be; the others are, and the job is
left as it was"""

JOB_EXAMPLES = f"""examples:
  matinee jobs run nightly --wait
  matinee jobs run nightly --junit results.xml --var USER_NAME=ada

With --wait, Ctrl-C cancels the run; a second one leaves at once.

{EXIT_CODES}; {LATER}
{TEMPORARY} Then it always waits."""

SCHEDULE_EXAMPLES = """examples:
  matinee jobs schedule nightly --cron '0 3 * * *' --timezone Europe/Berlin
  matinee jobs schedule nightly --pause
  matinee jobs schedule nightly

What is not given stays as it is. In the end it shows what the schedule means,
its next times and what became of the last."""

SET_EXAMPLES = """examples:
  matinee variables set WHERE_TO https://staging.example.com
  matinee variables set TOKEN --secret
  gpg --decrypt token.gpg | matinee variables set TOKEN --secret --job nightly

Without a VALUE you are asked for it, unseen, or it is read from a pipe. Nobody
sees a secret again: no run shows it, and no answer has it."""

RERUN_EXAMPLES = f"""example:
  matinee runs rerun 01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90 --wait

{EXIT_CODES}; {LATER}"""


DEPLOY = """What would change is shown first. DATABASE_URL is the libpq URL of a database outside, where the settings say
database = "external"; it is kept in Secrets Manager. AWS_ENDPOINT_URL deploys to an emulator. docs/operations.md has the rest."""

SHARE_EXAMPLES = """example:
  matinee runs share 01997b6e-58a5-7c3e-9d2b-5a8f4c1e7b90 --days 14

It takes an editor's key. On the run's page the link can be revoked."""
