// Playwright's own runner, loaded before the script is known. Most of a short run's time is loading JavaScript twice, in the
// runner and in its worker; so a worker process loads both ahead of time and waits here for one line on stdin: go. What it then
// does is what `playwright test` does, by the same entry point. One host serves one run, so nothing is shared. A second line,
// stop, ends the run early but in order: whoever does not listen is killed, and what there is gets reported.
'use strict';

const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const runtime = path.dirname(__dirname);
const playwright = path.join(runtime, 'node_modules', 'playwright');
const workerEntry = path.join(playwright, 'lib', 'worker', 'workerProcessEntry.js');
const heap = `--max-old-space-size=${process.env.MATINEE_HEAP_MB || 1024}`;
const execArgv = [...process.execArgv, heap, '-r', path.join(__dirname, 'preload.cjs')];
const consoleBytes = Number(process.env.MATINEE_CONSOLE_BYTES || 1000000);
const stopGraceMs = 500;

const fork = childProcess.fork;
const workers = new Set();

function track(worker) {
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
  for (const stream of [worker.stdout, worker.stderr])
    limit(stream);
  return worker;
}

// A program that a script starts prints into its worker's pipe: drained to the end, kept up to the limit.
function limit(stream) {
  if (!stream)
    return;
  const on = stream.on;
  let seen = 0;
  stream.on = function(event, listener) {
    if (event !== 'data')
      return on.call(this, event, listener);
    return on.call(this, event, chunk => {
      if (seen < consoleBytes)
        listener(chunk.subarray(0, consoleBytes - seen));
      seen += chunk.length;
    });
  };
}

// A worker learns all about its run in its first message, but for its environment, which Playwright sets so (1.65).
const first = track(fork(workerEntry, {
  env: { ...process.env, FORCE_COLOR: '1', DEBUG_COLORS: '1' },
  execArgv,
  stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
}));
let spare = first;
const isReady = new Promise(resolve => first.once('message', resolve));

childProcess.fork = function(entry, options, ...rest) {
  if (entry !== workerEntry)
    return fork.call(this, entry, options, ...rest);
  const worker = spare && spare.connected ? spare : track(fork.call(this, entry, { ...options, execArgv }));
  // "ready" came while nobody listened; say it again once the caller has its handlers on.
  if (worker === spare)
    setImmediate(() => worker.emit('message', { method: 'ready' }));
  spare = undefined; // the next one, after a failure or for another project, is forked as ever
  return worker;
};

const { program } = require(path.join(playwright, 'lib', 'program.js'));
const { configLoader } = require(path.join(playwright, 'lib', 'common', 'index.js'));
const { testRunner } = require(path.join(playwright, 'lib', 'runner', 'index.js'));
require(path.join(playwright, 'lib', 'transform', 'babelBundle.js'));
require(path.join(playwright, 'lib', 'index.js'));
require(path.join(__dirname, 'reporter.cjs'));

// The first script takes all this several times as long as the second, so the first shall not be somebody's: list the tests of
// a script of ours, as an editor does again and again in one process. What it prints is nobody's business.
async function rehearse() {
  const folder = path.join(__dirname, 'rehearsal');
  const write = process.stdout.write;
  process.stdout.write = (...args) => {
    const done = args.at(-1);
    if (typeof done === 'function')
      done();
    return true;
  };
  try {
    const config = await configLoader.loadConfigFromFile(path.join(folder, 'playwright.config.cjs'), {});
    await testRunner.runAllTestsWithConfig(config, { listMode: true });
  } finally {
    process.stdout.write = write;
  }
}

function stop() {
  process.emit('SIGINT', 'SIGINT'); // what Ctrl-C does to `playwright test`
  setTimeout(() => {
    for (const worker of workers)
      worker.kill('SIGKILL');
  }, stopGraceMs).unref();
}

async function main() {
  const lines = readline.createInterface({ input: process.stdin });
  const go = new Promise(resolve => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  await rehearse();
  await isReady;
  fs.writeSync(3, '{"type":"ready"}\n');
  if (!await go)
    process.exit(0);
  lines.on('line', stop);
  process.stdin.unref();
  process.chdir(process.env.MATINEE_RUN_DIR);
  const config = path.join(__dirname, 'playwright.config.cjs');
  await program.parseAsync([process.execPath, 'playwright', 'test', '--config', config]);
}

void main();
