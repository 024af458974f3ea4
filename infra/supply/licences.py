"""Under which licence a Python package is, by its metadata; SPDX's name for it where that is known for sure."""

from email.message import Message
from typing import Any

#: What older metadata says, beside names of SPDX itself.
_SPELT = {
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
_SPDX = {
    name.lower(): name
    for name in ("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-2.0-or-later", "MIT", "MIT-0", "MPL-2.0")
}
#: Some have the text of the licence in the place of its name.
_TEXTS = {"Permission is hereby granted, free of charge, to any person obtaining a copy": "MIT"}
_MOST_LETTERS = 60  #: of a licence's name; what is longer is its text


def licences(metadata: Message) -> list[dict[str, Any]]:
    """Give CycloneDX' `licenses`: an expression, or else what `License` says, or else the classifiers; empty if none says any."""
    if expression := metadata.get("License-Expression"):
        return [{"expression": str(expression)}]
    told = " ".join(str(metadata.get("License", "")).split())
    classified = [str(each).rpartition(" :: ")[2] for each in metadata.get_all("Classifier", [])]
    names = [
        name
        for name, whole in zip(classified, metadata.get_all("Classifier", []), strict=True)
        if "License ::" in str(whole)
    ]
    for name in [told, *names]:
        if known := _SPDX.get(name.lower()) or _SPELT.get(name.lower()):
            return [{"license": {"id": known}}]
    if by_text := [known for text, known in _TEXTS.items() if text in told]:
        return [{"license": {"id": by_text[0]}}]
    named = [told] if 0 < len(told) <= _MOST_LETTERS else names
    return [{"license": {"name": name}} for name in named]
