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
    "frame-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "object-src": "'none'",
}
#: What a page may load, and from where.
PAGE_POLICY = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
_SAFE = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
PAGE_HEADERS = {**_SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY}


def headers_of(path: str) -> dict[str, str]:
    """Give what the file at `path`, relative to the site's root, is sent with."""
    if path.endswith(".html"):
        return PAGE_HEADERS
    return {**_SAFE, "Cache-Control": "public, max-age=31536000, immutable" if path.startswith(ASSETS) else "no-cache"}


def kind_of(file: PurePath) -> str:
    """Give a file's media type."""
    return _TYPES.get(file.suffix.lower(), "application/octet-stream")
