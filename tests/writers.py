"""Whoever writes a text in a form of their own: what may become of a secret on its way out of a script."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

#: Whoever writes a secret, by what the result is called.
WRITERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quote": lambda text: quote(text, safe=""),
    "quote, lower": lambda text: quote(text, safe="").replace("%C3", "%c3").replace("%2F", "%2f").replace("%3C", "%3c"),
    "quote, slashes kept": quote,
    "quote_plus": quote_plus,
    "encodeURIComponent": lambda text: quote(text, safe="!'()*-._~"),
    "encodeURI": lambda text: quote(text, safe="!'()*-._~;,/?:@&=+$#"),
    "quote of quote": lambda text: quote(quote(text, safe=""), safe=""),
    "every byte by %": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON, upper": lambda text: json.dumps(text).replace("\\u00fc", "\\u00FC"),
    "JSON, slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON, every character by u": lambda text: "".join(
        f"\\u{text.encode('utf-16-be')[at : at + 2].hex()}" for at in range(0, len(text.encode("utf-16-be")), 2)
    ),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "JSON in JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "quote in JSON": lambda text: json.dumps(quote(text, safe="")),
    "coloured": lambda text: text[:2] + "\x1b[7m" + text[2:5] + "\x1b[27m\x1b[31;1m" + text[5:],
    "coloured in JSON": lambda text: json.dumps(text[:3] + "\x1b[7m" + text[3:]),
    "HTML": html.escape,
    "HTML by numbers": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    **{
        f"base64, {before} before{name}": lambda text, before=before, write=write: write(  # type: ignore[misc]
            b"user:"[:before] + text.encode() + b"\nmore"
        )
        for before in range(4)
        for name, write in {
            "": lambda data: base64.b64encode(data).decode(),
            ", for URLs": lambda data: base64.urlsafe_b64encode(data).decode(),
            ", in lines": lambda data: base64.encodebytes(data).decode(),
            ", in JSON lines": lambda data: json.dumps(base64.encodebytes(data).decode()),
            ", quoted": lambda data: quote(base64.b64encode(data).decode(), safe=""),
        }.items()
    },
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"it": text}).encode()).decode(),
    "base64 of quote": lambda text: base64.b64encode(f"a={quote(text, safe='')}".encode()).decode(),
}
