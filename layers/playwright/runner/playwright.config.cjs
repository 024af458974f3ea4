// The config of every test: a folder's own config calls this with its folder. A file, not environment: a worker that was
// forked ahead reads it again, with its own environment. So this is also where both processes enter the folder and take its variables.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

module.exports = folder => {
  const settings = JSON.parse(fs.readFileSync(path.join(folder, 'settings.json'), 'utf8'));

  process.chdir(folder);
  Object.assign(process.env, settings.variables);

  return {
    testDir: folder,
    testMatch: settings.file,
    outputDir: path.join(folder, 'output'),
    snapshotDir: path.join(folder, 'snapshots'),
    timeout: settings.testTimeoutMs,
    retries: settings.retries,
    workers: 1,
    reporter: [
      [path.join(__dirname, 'reporter.cjs')],
      ['blob', { outputFile: path.join(folder, 'blob.zip') }],
    ],
    use: {
      baseURL: settings.baseUrl || undefined,
      trace: 'on',
      screenshot: 'on',
      video: settings.video,
      launchOptions: { args: ['--disable-gpu'], chromiumSandbox: false },
    },
  };
};
