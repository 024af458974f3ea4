// The slim blobs of a run become its report, in a process that never runs a user's code. Like the host it loads everything first
// and then waits for a line on stdin. Playwright's own merge and its own reporters do the work (1.65); `dress.cjs` stands before them.
'use strict';

const fs = require('node:fs');
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

const { configLoader } = require(path.join(playwright, 'lib', 'common', 'index.js'));
const { merge } = require(path.join(playwright, 'lib', 'runner', 'index.js'));
const dress = require.resolve('./dress.cjs');
require(dress);

process.stdin.once('data', async () => {
  process.stdin.destroy();
  const folder = process.env.MATINEE_RUN_DIR;
  const made = path.join(folder, 'report');
  const { title, tests } = JSON.parse(fs.readFileSync(path.join(folder, 'run.json'), 'utf8'));
  const reporters = [
    [dress, { folder, made, tests }],
    ['html', { outputFolder: path.join(made, 'html'), open: 'never', title }],
    ['junit', { outputFile: path.join(made, 'junit.xml') }],
    ['json', { outputFile: path.join(made, 'results.json') }],
  ];
  const config = await configLoader.loadEmptyConfigForMergeReports();
  const ended = await merge.createMergedReport(config, path.join(folder, 'blobs'), reporters, made);
  process.exit(ended === 'passed' ? 0 : 1);
});
