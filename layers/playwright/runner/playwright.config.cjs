// The config of every run. A file, not environment: a worker that was forked ahead reads it again, with its own environment.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const runDir = process.env.MATINEE_RUN_DIR;
const settings = JSON.parse(fs.readFileSync(path.join(runDir, 'settings.json'), 'utf8'));

Object.assign(process.env, settings.variables);

module.exports = {
  testDir: runDir,
  testMatch: settings.file,
  outputDir: path.join(runDir, 'output'),
  snapshotDir: path.join(runDir, 'snapshots'),
  timeout: settings.testTimeoutMs,
  retries: settings.retries,
  workers: 1,
  reporter: [
    [path.join(__dirname, 'reporter.cjs')],
    ['blob', { outputFile: path.join(runDir, 'blob.zip') }],
  ],
  use: {
    baseURL: settings.baseUrl || undefined,
    trace: 'on',
    screenshot: 'on',
    video: 'retain-on-failure',
    launchOptions: { args: ['--disable-gpu'], chromiumSandbox: false },
  },
};
