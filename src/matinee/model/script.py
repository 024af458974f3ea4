"""The rules a script must keep, apart from its grammar (matinee.usecases.syntax)."""

from enum import StrEnum

from matinee.model.errors import ScriptInvalidError

#: The longest script accepted, in bytes of UTF-8.
MAX_SCRIPT_BYTES = 1_000_000


class Language(StrEnum):
    """What a script is written in. Playwright's compiler is told by the file's ending."""

    TYPESCRIPT = "typescript"
    JAVASCRIPT = "javascript"


def file_name(language: Language, *, module: bool) -> str:
    """Name the file that a script becomes, so that Playwright reads it as what it is.

    `.mts`/`.mjs` make Playwright use Node's ES module loader; anything else is compiled to CommonJS, which starts
    faster and gives scripts `require`.
    """
    ending = {Language.TYPESCRIPT: "ts", Language.JAVASCRIPT: "js"}[language]
    return f"script.spec.{'m' if module else ''}{ending}"


def check(script: str) -> None:
    """Refuse a script that no parser needs to see.

    Raises:
        ScriptInvalidError: if it is empty, too long, not encodable, or has NUL bytes.
    """
    if not script.strip():
        raise ScriptInvalidError("The script is empty.")
    try:
        size = len(script.encode())
    except UnicodeEncodeError as error:
        line = script.count("\n", 0, error.start) + 1
        raise ScriptInvalidError(f"The script has half of a surrogate pair in line {line}.", line=line) from error
    if size > MAX_SCRIPT_BYTES:
        raise ScriptInvalidError(f"The script has {size:,} bytes; {MAX_SCRIPT_BYTES:,} are the most.")
    if (nul := script.find("\0")) >= 0:
        line = script.count("\n", 0, nul) + 1
        raise ScriptInvalidError(f"The script has a NUL byte in line {line}.", line=line)
