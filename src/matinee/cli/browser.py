"""The person's browser, if there is a person, and a browser."""

import os
import sys
import webbrowser


def is_here() -> bool:
    """Whether somebody sits at this terminal, with a screen and a browser on it, and MATINEE_OPEN is not 0.

    Without a screen a browser would take the terminal.
    """
    if os.environ.get("MATINEE_OPEN") == "0" or not (sys.stdout.isatty() and sys.stderr.isatty()):
        return False
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and _known()


def show(url: str) -> bool:
    """Open the page in the person's browser, if it is here; tell whether it was."""
    return is_here() and webbrowser.open(url)


def _known() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
