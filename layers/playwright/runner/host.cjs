// Playwright's own runner, loaded before the script is known. Most of a short run's time is loading JavaScript twice, in the runner and
// in its worker; so a worker process loads both ahead of time (workers.cjs) and waits here for a line on stdin:
//   go {"config", "keep"}  run what that config says, as `playwright test` does; then leave, or with `keep` say "over" and stay
//   rest                   nothing of the former test is left outside of this process: get ready for the next one, of the same run
//   stop                   end the test early but in order: whoever does not listen is killed, and what there is gets reported
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const workers = require(path.join(__dirname, 'workers.cjs'));
const { remember } = require(path.join(__dirname, 'leftovers.cjs'));

const modules = path.join(path.dirname(__dirname), 'node_modules');
const { configLoader } = require(path.join(modules, 'playwright', 'lib', 'common', 'index.js'));
const { testRunner } = require(path.join(modules, 'playwright', 'lib', 'runner', 'index.js'));
const { gracefullyProcessExitDoNotHang: leave } = require(path.join(modules, 'playwright-core', 'lib', 'coreBundle.js')).utils;
require(path.join(modules, 'playwright', 'lib', 'transform', 'babelBundle.js'));
require(path.join(modules, 'playwright', 'lib', 'index.js'));
require(path.join(__dirname, 'reporter.cjs'));
require(path.join(__dirname, 'playwright.config.cjs'));

const stopGraceMs = 500;
const exitCodes = { passed: 0, interrupted: 130 };

let running = false;
let stopped = false;
let restore;
let tmp;

// The folder for temporary files is to be as new for each script.
const listTmp = () => fs.readdirSync(os.tmpdir());
const say = said => fs.writeSync(3, JSON.stringify(said) + '\n');

// The first script takes all this several times as long as the second, so the first shall not be somebody's: list the tests of
// a script of ours, as an editor does again and again in one process. What it prints is nobody's business.
async function rehearse() {
  const write = process.stdout.write;
  process.stdout.write = (...args) => {
    const done = args.at(-1);
    if (typeof done === 'function')
      done();
    return true;
  };
  try {
    await play(path.join(__dirname, 'rehearsal', 'playwright.config.cjs'), { listMode: true });
  } finally {
    process.stdout.write = write;
  }
}

async function play(file, options) {
  const config = await configLoader.loadConfigFromFile(file, {});
  return await testRunner.runAllTestsWithConfig(config, options);
}

async function go({ config, keep }) {
  running = true;
  process.stdin.unref();
  workers.keep(keep);
  let code = 1;
  try {
    code = exitCodes[await play(config, {})] ?? 1;
  } catch (error) {
    console.error(error);
  }
  if (!keep || stopped || workers.wasLost() || !await restore())
    return leave(code);
  process.stdin.ref();
  running = false;
  say({ type: 'over', exit: code, browser: workers.kept().pid });
}

async function rest() {
  for (const name of listTmp())
    if (!tmp.has(name) && !workers.kept().files?.includes(name))
      fs.rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  await workers.prepare();
  say({ type: 'ready' });
}

function stop() {
  if (!running)
    process.exit(0);
  stopped = true;
  process.emit('SIGINT', 'SIGINT'); // what Ctrl-C does to `playwright test`
  setTimeout(workers.kill, stopGraceMs).unref();
}

// Whoever started us may have died before the sandbox knew that it is to die with it (seen under load). Its folder, ours, goes then, and
// in a folder that is gone Node (24.19) makes another for ever. Its end of our stdin went first.
async function leaveIfAlone() {
  for (let turn = 0; turn < 2; turn += 1) {
    process.stdin.read(0); // what is there stays there
    await new Promise(setImmediate);
  }
  if (process.stdin.readableEnded)
    process.exit(0);
}

async function main() {
  await leaveIfAlone();
  await Promise.all([workers.prepare(), rehearse()]);
  readline.createInterface({ input: process.stdin })
    .on('line', line => {
      if (line.startsWith('go '))
        void go(JSON.parse(line.slice(3)));
      else if (line === 'rest' && !running)
        void rest();
      else
        stop();
    })
    .on('close', () => running || process.exit(0));
  restore = remember();
  tmp = new Set(listTmp());
  say({ type: 'ready' });
}

void main();
