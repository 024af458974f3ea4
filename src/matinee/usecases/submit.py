"""Take a script of the playground's."""

from collections.abc import Mapping
from dataclasses import dataclass

from matinee.model.run import RunTrigger
from matinee.model.script import Language
from matinee.stores.rows import Run
from matinee.stores.sources import How, Source
from matinee.usecases.launch import Launcher, Start, fingerprint_of, single
from matinee.usecases.syntax import Parser


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A script and how to run it."""

    script: str
    language: Language | None  #: None: whatever it turns out to be
    title: str
    base_url: str | None
    timeout_seconds: int
    retries: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Submitter:
    """Makes runs of one script that nobody saved."""

    launcher: Launcher
    parser: Parser

    def submit(
        self,
        submission: Submission,
        *,
        workspace_id: str,
        trigger: RunTrigger,
        idempotency_key: str | None = None,
    ) -> Run:
        """Make a run of the script.

        Raises:
            ScriptInvalidError: if it cannot be run.
            ConflictError, DatabaseUnavailableError, LiveUnavailableError: as `Launcher.launch` does.
            VaultUnavailableError, VaultKeyError: as `Launcher.seal` does.
        """
        parsed = self.parser.read(submission.script, submission.language)
        source = Source(
            title=submission.title, script=submission.script, language=parsed.language, module=parsed.module
        )
        how = How(
            base_url=submission.base_url,
            timeout_seconds=submission.timeout_seconds,
            retries=submission.retries,
        )
        start = Start(workspace_id=workspace_id, trigger=trigger, idempotency_key=idempotency_key)
        asked = fingerprint_of("submit", submission=submission)
        given = self.launcher.seal(workspace_id, submission.variables)
        return self.launcher.launch(single(start, source, how, given=given, fingerprint=asked))
