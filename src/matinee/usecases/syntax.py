"""A script's grammar, judged by the parser that Playwright itself uses: Babel's, in an embedded V8.

Babel gets the options that Playwright gives it, and where it cannot decide (it is out of stack, memory or time) the
script is let through: Playwright has the last word, and says it in the run.
"""

import json
import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from py_mini_racer import JSEvalException, JSFunction, MiniRacer

from matinee.model.errors import ScriptInvalidError
from matinee.model.script import Language

logger = logging.getLogger(__name__)

_TIME_LIMIT_S = 3.0
_MEMORY_LIMIT_BYTES = 400_000_000

#: Of `babelTransformOptions` in playwright/lib/transform/babelBundle.js, as its plugins turn them into parser options.
_HARNESS = """
(() => {
  const module = {exports: {}};
  (function (module, exports) { BABEL
  })(module, module.exports);
  const both = ["deprecatedImportAssert", ["importAttributes", {deprecatedAssertSyntax: true}]];
  const plugins = {
    typescript: [...both, ["decorators", {allowCallParenthesized: false}], "decoratorAutoAccessors",
      ["typescript", {disallowAmbiguousJSXLike: false}]],
    javascript: [...both, "jsx"],
  };
  const usesImportMeta = (root) => {
    const stack = [root];
    for (let node; (node = stack.pop()) !== undefined; ) {
      if (node.type === "MetaProperty" && node.meta.name === "import") return true;
      for (const part of Object.values(node)) if (part && typeof part === "object") stack.push(part);
    }
    return false;
  };
  return (script, language) => {
    try {
      const {program} = module.exports.parse(script, {sourceType: "module", plugins: plugins[language]});
      const needsModule = program.extra.topLevelAwait || (script.includes("meta") && usesImportMeta(program.body));
      return JSON.stringify({module: needsModule});
    } catch (error) {
      if (!error.loc) return JSON.stringify({gaveUp: String(error.name)});
      const message = error.missingPlugin
        ? `Playwright does not know this syntax (${error.missingPlugin})`
        : error.message.replace(/ \\(\\d+:\\d+\\)$/, "");
      return JSON.stringify({message, line: error.loc.line, column: error.loc.column + 1});
    }
  };
})()
"""


@dataclass(frozen=True)
class Parsed:
    """What Playwright must know of a script before it reads it."""

    language: Language
    module: bool  #: top-level await or import.meta: only Node's ES module loader can run it


class Parser:
    """Babel in V8: built when first needed, built anew when it broke, one script at a time. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path  #: of @babel/parser's single file
        self._lock = threading.Lock()
        self._engine: MiniRacer | None = None
        self._function: JSFunction | None = None

    def parse(self, script: str, language: Language | None = None) -> Parsed:
        """Tell what `script` is; without a `language` it is TypeScript if it can be, else JavaScript.

        Blocks for seconds at worst; not to be called on an event loop. `script` has kept `matinee.model.script.check`.

        Raises:
            ScriptInvalidError: with `line` and `column`, both from 1, where Playwright would refuse it too.
        """
        faults = []
        for each in [language] if language else [Language.TYPESCRIPT, Language.JAVASCRIPT]:
            answer = self._ask(script, each)
            if "line" not in answer:
                return Parsed(each, module=answer.get("module", False))
            faults.append(answer)
        fault = faults[0]
        where = f"Line {fault['line']}, column {fault['column']}"
        raise ScriptInvalidError(f"{where}: {fault['message']}", **fault)

    def close(self) -> None:
        """Give V8's memory back; the next script builds it anew."""
        with self._lock:
            self._drop()

    def _ask(self, script: str, language: Language) -> dict[str, Any]:
        """Ask Babel: `{module}`, or `{message, line, column}`, or `{gaveUp}`."""
        if not self._lock.acquire(timeout=_TIME_LIMIT_S):
            return {"gaveUp": "others are being parsed"}
        try:
            answer: dict[str, Any] = json.loads(str(self._parse()(script, language.value, timeout_sec=_TIME_LIMIT_S)))
        except JSEvalException as error:
            answer = {"gaveUp": type(error).__name__}
            self._drop()
        finally:
            self._lock.release()
        if "gaveUp" in answer:
            logger.info("the parser gave up on a script: %s", answer["gaveUp"])
        return answer

    def _parse(self) -> JSFunction:
        if self._function is None:
            self._engine = MiniRacer()
            self._engine.set_hard_memory_limit(_MEMORY_LIMIT_BYTES)
            made = self._engine.eval(_HARNESS.replace("BABEL", self._path.read_text(encoding="utf-8"), 1))
            assert isinstance(made, JSFunction)  # noqa: S101 - what the harness evaluates to
            self._function = made
        return self._function

    def _drop(self) -> None:
        self._function = None
        if self._engine is not None:
            with suppress(
                JSEvalException
            ):  # what was interrupted reports its end to a loop that must not be closed yet
                self._engine.eval("0", timeout_sec=_TIME_LIMIT_S)
            self._engine.close()
            self._engine = None
