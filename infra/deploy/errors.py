"""What can go wrong on the way into the cloud."""

from matinee.model.errors import MatineeError


class DeployError(MatineeError):
    """The deployment cannot go on; the sentence says what to do."""
