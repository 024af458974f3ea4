"""The trace viewer of the pinned runtime, put where reports look for it."""

from pathlib import Path

from matinee.stores.artifacts import Artifacts, viewer_prefix


def publish_viewer(artifacts: Artifacts, runtime: Path, *, version: str) -> None:
    """Upload the runtime's trace viewer, unless it is there: once for each version of Playwright, not with each report."""
    prefix = viewer_prefix(version)
    if not artifacts.exists(f"{prefix}index.html"):  # the last that is written
        artifacts.upload_tree(prefix, runtime / "node_modules" / "playwright-core" / "lib" / "vite" / "traceViewer")
