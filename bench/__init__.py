"""Matinee and its peers, side by side: `python -m bench.<name>`. The machine is shared and noisy: read the ratios."""
