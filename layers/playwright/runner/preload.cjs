// Loaded into every worker process ahead of Playwright's own entry: the modules that a script will ask for anyway, a limit on what a
// script may print, at its source (40 MB of console would make a blob report of 56 MB), word of a browser that dies, and how a worker rests
// instead of ending.
'use strict';

const childProcess = require('node:child_process');
const path = require('node:path');

const playwright = path.join(path.dirname(__dirname), 'node_modules', 'playwright');
const limit = Number(process.env.MATINEE_CONSOLE_BYTES || 1000000);
const note = Buffer.from(`\n[Matinee keeps the first ${limit} bytes of what a test prints; the rest was dropped]\n`);

let printed = 0;
let failed = false;
const send = process.send;
process.send = function(message, ...rest) {
  const said = message && message.params;
  if (said && (said.method === 'stdOut' || said.method === 'stdErr')) {
    if (printed >= limit)
      return true;
    cut(said);
  } else if (said) {
    failed ||= isFailure(said);
  }
  return send.call(process, message, ...rest);
};

function cut(said) {
  const { text, buffer } = said.params;
  const chunk = buffer === undefined ? Buffer.from(text) : Buffer.from(buffer, 'base64');
  const left = limit - printed;
  printed += chunk.length;
  if (chunk.length >= left) {
    delete said.params.text;
    said.params.buffer = Buffer.concat([chunk.subarray(0, left), note]).toString('base64');
  }
}

function isFailure({ method, params }) {
  return method === 'teardownErrors'
    || (method === 'done' && params.fatalErrors.length > 0)
    || (method === 'testEnd' && params.status !== params.expectedStatus);
}

// A test whose browser dies fails with "has been closed", as one does that closed it. Only whoever started it hears that it was a signal:
// the judge looks for this line. Playwright's own killing comes by process.kill.
const program = /chrom|firefox|webkit|pw_run/i;
const killedHere = new Set();
const { kill } = process;
process.kill = function(pid, ...rest) {
  killedHere.add(Math.abs(pid));
  return kill.call(process, pid, ...rest);
};
const { spawn } = childProcess;
childProcess.spawn = function(command, ...rest) {
  const child = spawn.call(this, command, ...rest);
  if (program.test(path.basename(String(command))))
    child.once('exit', (_, signal) => {
      if (signal && !killedHere.has(child.pid))
        process.stderr.write(`[Matinee] The browser died of ${signal}.\n`);
    });
  return child;
};

const commonFile = path.join(playwright, 'lib', 'common', 'index.js');
const common = require(commonFile);
const { processExit } = require(path.join(path.dirname(playwright), 'playwright-core', 'lib', 'bootstrap.js'));
const { remember } = require(path.join(__dirname, 'leftovers.cjs'));
const browsers = require(path.join(__dirname, 'browser.cjs'));
const stacks = require(path.join(__dirname, 'stacks.cjs'));

// Playwright's entry makes a runner for the one __init__ that it expects, and exits at __stop__. It may make more of them: whatever it
// does for a run it does in the runner. So at __rest__ the runner is closed as at __stop__, and what the script left is put back; a worker
// that failed, as Playwright has it, or in which something still works, ends.
let runner;
let restore;
require.cache[commonFile].exports = Object.create(common, {
  startProcessRunner: {
    value: create => {
      common.startProcessRunner(params => (runner = create(params)));
      restore = remember(() => browsers.kept()?.resources);
    },
  },
});
process.on('message', async ({ method }) => {
  if (method === '__init__') {
    printed = 0;
    failed = false;
    browsers.keep(false);
  }
  if (method !== '__rest__')
    return;
  browsers.keep(!failed);
  await runner?.gracefullyClose().catch(() => (failed = true));
  if (failed || !await restore()) {
    await browsers.close();
    processExit(0);
    return;
  }
  const { pid, files } = browsers.kept() || {};
  process.send({ method: '__resting__', pid, files });
});

// All before the first message: what changes under Playwright's feet while it loads or runs a test, it may take for a test that passed.
require(path.join(playwright, 'lib', 'index.js'));
require(path.join(__dirname, 'playwright.config.cjs')); // every test's, so that Playwright need not compile it for each
stacks.install();
browsers.install();
