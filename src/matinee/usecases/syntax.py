"""A script's grammar, judged by the parser that Playwright itself uses: Babel's, in an embedded V8.

Babel gets the options that Playwright gives it, and where it cannot decide (it is out of stack, memory or time) the
script is let through: Playwright has the last word, and says it in the run.
"""

import json
import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from py_mini_racer import JSEvalException, JSFunction, MiniRacer

from matinee.model.errors import ScriptInvalidError
from matinee.model.script import Language, check

logger = logging.getLogger(__name__)

_TIME_LIMIT_S = 3.0
#: How long a script waits for its turn and its answer.
_PATIENCE_S = 8.0
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
    """Babel in V8, started when first needed. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._path = path  #: of @babel/parser's single file

    def read(self, script: str, language: Language | None = None) -> Parsed:
        """Tell what a script is that somebody sent, whatever that may be.

        Raises:
            ScriptInvalidError: if it cannot be run.
        """
        check(script)
        return self.parse(script, language)

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

    def _ask(self, script: str, language: Language) -> dict[str, Any]:
        """Ask Babel: `{module}`, or `{message, line, column}`, or `{gaveUp}`."""
        job = _Job(self._path, script, language)
        with _starting:
            jobs = _start()
        jobs.put(job)
        try:
            answer: dict[str, Any] = json.loads(job.answer.result(timeout=_PATIENCE_S))
        except TimeoutError:
            job.answer.cancel()
            answer = {"gaveUp": "others are being parsed"}
        if "gaveUp" in answer:
            logger.info("the parser gave up on a script: %s", answer["gaveUp"])
        return answer


@dataclass(frozen=True)
class _Job:
    parser: Path
    script: str
    language: Language
    answer: "Future[str]" = field(default_factory=Future)


_starting = threading.Lock()


@cache
def _start() -> "SimpleQueue[_Job]":
    """Start the one thread that has to do with V8, for all parsers of this process; give its queue.

    V8 gives the right to touch its memory to the thread that first uses it and to those that this one starts; it crashes
    the process in any other that creates or ends an engine. A daemon with the engines on its stack, so that at exit,
    too, no other thread tears them down.
    """
    jobs: SimpleQueue[_Job] = SimpleQueue()
    threading.Thread(target=_serve, args=(jobs,), name="parser", daemon=True).start()
    return jobs


def _serve(jobs: "SimpleQueue[_Job]") -> None:
    engines: dict[Path, _Engine] = {}
    while True:
        job = jobs.get()
        if not job.answer.set_running_or_notify_cancel():
            continue
        try:
            if job.parser not in engines:
                engines[job.parser] = _Engine(job.parser)
            job.answer.set_result(engines[job.parser].ask(job.script, job.language))
        except JSEvalException as error:  # out of time or memory; who knows in which state that left V8
            job.answer.set_result(json.dumps({"gaveUp": type(error).__name__}))
            if broken := engines.pop(job.parser, None):
                broken.close()
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked
            job.answer.set_exception(error)


class _Engine:
    """Belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self._v8 = MiniRacer()
        self._v8.set_hard_memory_limit(_MEMORY_LIMIT_BYTES)
        parse = self._v8.eval(_HARNESS.replace("BABEL", path.read_text(encoding="utf-8"), 1))
        assert isinstance(parse, JSFunction)  # noqa: S101 - what the harness evaluates to
        self._parse = parse

    def ask(self, script: str, language: Language) -> str:
        """Give the harness's answer, as JSON."""
        return str(self._parse(script, language.value, timeout_sec=_TIME_LIMIT_S))

    def close(self) -> None:
        """Give V8's memory back. An engine that cannot even be closed is left behind: its thread has more to do."""
        with suppress(Exception):
            # What was interrupted reports its end to a loop that must not be closed before.
            self._v8.eval("0", timeout_sec=_TIME_LIMIT_S)
        with suppress(Exception):
            self._v8.close()
