// Playwright's worker processes. One is forked ahead, and a test's first fork gets it; when the test belongs to a job, and leaves the
// process as it was (preload.cjs judges that), it rests and is the next test's. All others are forked and end as Playwright has it.
'use strict';

const childProcess = require('node:child_process');
const { EventEmitter, once } = require('node:events');
const path = require('node:path');

const entry = path.join(path.dirname(__dirname), 'node_modules', 'playwright', 'lib', 'worker', 'workerProcessEntry.js');
const heap = `--max-old-space-size=${process.env.MATINEE_HEAP_MB || 1024}`;
const execArgv = [...process.execArgv, heap, '-r', path.join(__dirname, 'preload.cjs')];
const consoleBytes = Number(process.env.MATINEE_CONSOLE_BYTES || 1000000);

const fork = childProcess.fork;
const alive = new Set();
let spare; // waits for a test
let rests = false; // whether the spare shall rest when it is told to stop
let lost = false;
let kept = {}; // of the browser that rests with the spare: its process id, and what it has in the folder for temporary files

// Have a worker ready for the next test, and note whether that one is to stay.
exports.prepare = async () => {
  if (spare?.connected)
    return;
  // A worker learns all about its test in its first message, but for its environment, which Playwright sets so (1.65).
  spare = begin({ ...process.env, FORCE_COLOR: '1', DEBUG_COLORS: '1' });
  await Promise.race([once(spare, 'message'), once(spare, 'exit')]);
};

exports.keep = keep => {
  rests = keep;
  lost = false;
  kept = {};
};

exports.kept = () => kept;

exports.wasLost = () => lost;

exports.kill = () => {
  for (const worker of alive)
    worker.kill('SIGKILL');
};

childProcess.fork = function(file, options, ...rest) {
  if (file !== entry)
    return fork.call(this, file, options, ...rest);
  if (!spare?.connected)
    return lend(begin(options.env), false);
  const worker = spare;
  spare = undefined; // the next one, after a failure or for another project, is forked as ever
  const lent = lend(worker, rests);
  // "ready" came while nobody listened; say it again once the caller has its handlers on.
  setImmediate(() => lent.emit('message', { method: 'ready' }));
  return lent;
};

function begin(env) {
  const worker = fork(entry, { env, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  alive.add(worker);
  worker.once('exit', () => alive.delete(worker));
  worker.on('error', () => {}); // it ended while somebody spoke to it
  return worker;
}

// What Playwright takes for its child process, as far as it uses one. To it, a worker that rests has exited.
function lend(worker, rests) {
  const lent = new EventEmitter();
  let stopped = false;
  lent.pid = worker.pid;
  lent.stdout = limited(worker.stdout);
  lent.stderr = limited(worker.stderr);
  lent.send = message => {
    stopped ||= message.method === '__stop__';
    worker.send(rests && message.method === '__stop__' ? { method: '__rest__' } : message);
  };
  const hear = message => {
    if (message.method !== '__resting__')
      return lent.emit('message', message);
    spare = worker;
    kept = message;
    end(0, null);
  };
  const end = (code, signal) => {
    worker.off('message', hear);
    worker.off('exit', end);
    lent.stdout.end();
    lent.stderr.end();
    lost ||= !stopped;
    lent.emit('exit', code, signal);
  };
  worker.on('message', hear);
  worker.on('exit', end);
  return lent;
}

// A program that a script starts prints into its worker's pipe: drained to the end, kept up to the limit.
function limited(stream) {
  let seen = 0;
  return {
    on(event, listener) {
      stream.on(event, chunk => {
        if (seen < consoleBytes)
          listener(chunk.subarray(0, consoleBytes - seen));
        seen += chunk.length;
      });
    },
    end() {
      stream.removeAllListeners('data').resume();
    },
  };
}
