// A blob report becomes the HTML report, in a process that never runs a user's code. Like the host it loads everything first
// and then waits for a line on stdin.
'use strict';

const path = require('node:path');

const playwright = path.join(path.dirname(__dirname), 'node_modules', 'playwright');
const { program } = require(path.join(playwright, 'lib', 'program.js'));
require(path.join(playwright, 'lib', 'runner', 'index.js'));

process.stdin.once('data', async () => {
  process.stdin.destroy();
  await program.parseAsync([process.execPath, 'playwright', 'merge-reports', '--config', path.join(__dirname, 'report.config.cjs'), process.env.MATINEE_BLOBS]);
});
