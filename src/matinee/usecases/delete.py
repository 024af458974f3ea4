"""Delete what people do not want any more: at once where they look, in the background everywhere else."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from matinee.model.errors import DatabaseUnavailableError, LiveUnavailableError
from matinee.stores.deletions import Deletions
from matinee.usecases.purge import Purger

logger = logging.getLogger(__name__)

#: How long a person waits for what a sweep would do as well.
_PATIENCE_S = 3.0


@dataclass(frozen=True)
class Deleter:
    """Deletes runs and jobs. What runs is cancelled."""

    deletions: Deletions
    purger: Purger

    def run(self, workspace_id: str, run_id: str) -> None:
        """Delete a run, its results and its artifacts.

        Raises:
            NotFoundError: if the workspace has no such run, or not any more.
        """
        self.deletions.delete_run(workspace_id, run_id)
        logger.info("a run is deleted", extra={"run_id": run_id})
        self._purge([run_id])

    def job(self, workspace_id: str, job_id: str) -> None:
        """Delete a job with all of its runs; its tests stay.

        Raises:
            NotFoundError: if the workspace has no such job, or not any more.
        """
        self._purge(self.deletions.delete_job(workspace_id, job_id))

    def _purge(self, runs: Sequence[str]) -> None:
        try:
            self.purger.purge(patience_s=_PATIENCE_S, only=runs)
        except (DatabaseUnavailableError, LiveUnavailableError):  # they are deleted; what is left of them is sweep's
            logger.warning("what is left of %d deleted runs is for the next sweep", len(runs))
