"""Every minute: what got lost."""
