// The tests of a job that share a worker process share its browser too, as those of one worker do in `playwright test`: each has
// contexts of its own, which end with it. Starting a browser costs 0.14 s of CPU, about as much as opening a page in it.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const playwright = path.join(path.dirname(__dirname), 'node_modules', 'playwright');
const { gracefullyCloseSet: closing } = require(path.join(playwright, '..', 'playwright-core', 'lib', 'coreBundle.js')).utils;

let stays = false;
let kept; // { browser, launched: what it was launched with, pid, files, resources }

// Whether the browser outlives the test that ends now.
exports.keep = keep => (stays = keep);

// What is kept, for whoever tidies up: its process id, what it has in the folder for temporary files, and how many of each kind
// of resource of this process.
exports.kept = () => kept?.browser.isConnected() ? kept : undefined;

exports.close = async () => {
  const { browser } = kept || {};
  kept = undefined;
  await browser?.close({ reason: 'Test ended.' });
};

// Put ours in the place of the fixture `browser` (1.65). A browser elsewhere is left to Playwright's.
exports.install = () => {
  const { test } = require(path.join(playwright, 'lib', 'index.js'));
  const implementation = test[Object.getOwnPropertySymbols(test).find(symbol => symbol.description === 'testType')];
  const { browser } = implementation.fixtures.find(({ fixtures }) => fixtures.browser).fixtures;
  const theirs = browser[0];
  browser[0] = async ({ playwright, browserName, _browserOptions, connectOptions }, use, info) => {
    if (connectOptions || _browserOptions.logger)
      return await theirs({ playwright, browserName, _browserOptions, connectOptions }, use, info);
    const { tracesDir, artifactsDir, ...options } = _browserOptions;
    const launched = JSON.stringify([browserName, options]);
    if (kept?.launched !== launched || !kept.browser.isConnected())
      await exports.close();
    kept ??= { launched, ...await launch(playwright[browserName]) };
    // Each test has folders of its own, which a browser learns when it is launched: both of its halves.
    kept.browser._options.tracesDir = tracesDir;
    Object.assign(implementationOf(kept.browser).options, { tracesDir, artifactsDir, downloadsPath: options.downloadsPath || artifactsDir });
    await use(kept.browser);
    if (stays)
      await Promise.all(kept.browser.contexts().map(context => context.close({ reason: 'Test ended.' })));
    else
      await exports.close();
  };
};

async function launch(type) {
  const files = new Set(fs.readdirSync(os.tmpdir()));
  const others = new Set(closing);
  const before = resources();
  const browser = await type.launch();
  for (const close of closing) // all in there is closed when a test is over; this one, we see to ourselves
    others.has(close) || closing.delete(close);
  return {
    browser,
    pid: implementationOf(browser).options.browserProcess.process?.pid,
    files: fs.readdirSync(os.tmpdir()).filter(name => !files.has(name)),
    resources: Object.fromEntries(Object.entries(resources()).map(([kind, number]) => [kind, number - before[kind]])),
  };
}

const implementationOf = browser => browser._connection.toImpl(browser);

// Those that a browser holds for as long as it lives.
function resources() {
  const found = { PipeWrap: 0, ProcessWrap: 0 };
  for (const kind of process.getActiveResourcesInfo())
    if (kind in found)
      found[kind]++;
  return found;
}
