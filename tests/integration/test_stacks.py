"""We write the stacks of a worker process, so we write them as source-map-support would, which Playwright installs."""

import json
import subprocess
from pathlib import Path

import pytest

#: Writes the stacks of a file with a source map, of one without, and of Node's own, by both writers.
COMPARE = """
const fs = require('node:fs');
const { sourceMapSupport } = require(process.argv[2] + '/node_modules/playwright-core/lib/utilsBundle.js');
const babel = () => {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (error, frames) => prepareStackTrace(error, frames.filter(frame => frame.getFunctionName() !== 'hidden'));
};
const map = { version: 3, file: 'made.js', sources: ['script.ts'], names: [], mappings: ';;AAAA;AAAA' };
fs.writeFileSync('made.js', `// one\\n// two\\nexports.fails = function fails() {\\n  throw new TypeError('here'); };\\n`
  + `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\\n`);
sourceMapSupport.install({ environment: 'node', handleUncaughtExceptions: false });
const theirs = Error.prepareStackTrace;
if (process.argv[3] === 'before')
  babel();
require(process.argv[2] + '/runner/stacks.cjs').install();
const ours = Error.prepareStackTrace;
const both = [];
Error.prepareStackTrace = (error, frames) => {
  const written = ours(error, frames);
  both.push([written, theirs(error, frames)]);
  return written;
};
if (process.argv[3] === 'after')
  babel();
const stackOf = run => { try { run(); } catch (error) { return error.stack; } };
class Suite { static run() { return require('./made.js').fails(); } }
stackOf(() => Suite.run());
stackOf(() => [1].map(() => new Function('throw new RangeError()')()));
stackOf(() => JSON.parse('{'));
stackOf(() => fs.readFileSync('no such file'));
stackOf(() => { const error = new Error(''); error.name = ''; throw error; });
stackOf(function hidden() { throw new Error('in a function that is left out'); });
process.stdout.write(JSON.stringify(both));
"""


@pytest.mark.parametrize("babel", ["no", "before", "after"])
def test_a_stack_reads_as_playwright_has_it(babel: str, runtime: Path, tmp_path: Path) -> None:
    """Whether or not Babel's writer, which asks each frame for its function, came before ours or after it."""
    script = tmp_path / "compare.cjs"
    script.write_text(COMPARE)

    told = subprocess.run(
        [runtime / "bin/node", script, runtime, babel], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
    )
    stacks = json.loads(told.stdout)

    assert len(stacks) == 6
    assert [theirs for _, theirs in stacks] == [ours for ours, _ in stacks]
    assert "script.ts:1:1)" in stacks[0][0]
    assert ("hidden" in stacks[5][0]) == (babel != "after")
