// A blob report becomes the HTML report, in a process that never runs a user's code. Like the host it loads everything first
// and then waits for a line on stdin.
'use strict';

const Module = require('node:module');
const path = require('node:path');

const playwright = path.join(path.dirname(__dirname), 'node_modules', 'playwright');

// Playwright's runner loads its compiler along, a third of its start. A report compiles nothing; should that change, it is still there.
const compiler = path.join(playwright, 'lib', 'transform', 'babelBundle.js');
const load = Module._load;
Module._load = function(request, parent, isMain) {
  if (!request.endsWith('transform/babelBundle') || Module._resolveFilename(request, parent) !== compiler)
    return load.call(this, request, parent, isMain);
  return new Proxy({}, { get: (_, name) => load.call(Module, compiler, module, false)[name] });
};

const { program } = require(path.join(playwright, 'lib', 'program.js'));
require(path.join(playwright, 'lib', 'runner', 'index.js'));

process.stdin.once('data', async () => {
  process.stdin.destroy();
  const config = path.join(__dirname, 'report.config.cjs');
  await program.parseAsync([process.execPath, 'playwright', 'merge-reports', '--config', config, process.env.MATINEE_BLOBS]);
});
