"""What keeps the local stack from running, in sentences that say what to do."""

from matinee.model.errors import MatineeError


class StackError(MatineeError):
    """The local stack cannot run."""
