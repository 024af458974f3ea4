"""The embedded stack that `matinee up` starts: everything Matinee needs, on one machine, from PyPI."""
