"""Bring Matinee into an AWS account, and take it out again: what `matinee deploy` and `matinee destroy` do."""
