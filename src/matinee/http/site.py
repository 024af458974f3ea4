"""What the web UI's files are sent with: the same from the embedded stack and from the cloud."""

from pathlib import PurePath

#: Where the files are whose names carry hashes of what is in them.
ASSETS = "assets/"

#: Python's own table differs from one machine to the next.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "connect-src": "'self'",
    "frame-src": "'self'",  # and where the reports are, see page_policy
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "object-src": "'none'",
}
_SAFE = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def page_policy(*reports: str) -> str:
    """Say what a page may load, and from where; `reports` are the origins whose reports it shows in a frame."""
    policy = {**_POLICY, "frame-src": " ".join([_POLICY["frame-src"], *reports])}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def page_headers(*reports: str) -> dict[str, str]:
    """Give what a page is sent with."""
    return {**_SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": page_policy(*reports)}


def headers_of(path: str) -> dict[str, str]:
    """Give what the file at `path`, relative to the site's root, is sent with; a page's policy is its server's to add."""
    if path.endswith(".html"):
        return {**_SAFE, "Cache-Control": "no-cache"}
    return {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable" if path.startswith(ASSETS) else "no-cache"}


def kind_of(file: PurePath) -> str:
    """Give a file's media type."""
    return _TYPES.get(file.suffix.lower(), "application/octet-stream")
