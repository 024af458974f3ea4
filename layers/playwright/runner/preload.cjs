// Loaded into every worker process ahead of Playwright's own entry: the modules that a script will ask for anyway, and a limit on
// what a script may print, at its source (40 MB of console would make a blob report of 56 MB).
'use strict';

const path = require('node:path');

const playwright = path.join(path.dirname(__dirname), 'node_modules', 'playwright');
const limit = Number(process.env.MATINEE_CONSOLE_BYTES || 1000000);
const note = Buffer.from(`\n[Matinee keeps the first ${limit} bytes of what a test prints; the rest was dropped]\n`);

let printed = 0;
const send = process.send;
process.send = function(message, ...rest) {
  const said = message && message.params;
  if (!said || (said.method !== 'stdOut' && said.method !== 'stdErr'))
    return send.call(process, message, ...rest);
  if (printed >= limit)
    return true;
  const { text, buffer } = said.params;
  const chunk = buffer === undefined ? Buffer.from(text) : Buffer.from(buffer, 'base64');
  const left = limit - printed;
  printed += chunk.length;
  if (chunk.length >= left) {
    delete said.params.text;
    said.params.buffer = Buffer.concat([chunk.subarray(0, left), note]).toString('base64');
  }
  return send.call(process, message, ...rest);
};

require(path.join(playwright, 'lib', 'common', 'index.js'));
setImmediate(() => require(path.join(playwright, 'lib', 'index.js')));
