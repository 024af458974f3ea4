// Playwright notes where each of a script's calls comes from, so it asks for a stack at every one of them; source-map-support then clones
// each frame with all its methods to see whether it has a source map. That was a fifth of what a worker process does for a short test.
// Files of Node's and Playwright's own have none, so their frames are written as V8 has them.
'use strict';

const path = require('node:path');

const modules = path.join(path.dirname(__dirname), 'node_modules') + path.sep;
const { sourceMapSupport } = require(path.join(modules, 'playwright-core', 'lib', 'utilsBundle.js'));

const hasNoMap = file => file?.startsWith(modules) || file?.startsWith('node:');

// To source-map-support, a native frame is one to be left as it is.
const asItIs = frame => ({ isNative: () => true, toString: () => frame.toString() });

exports.install = () => {
  sourceMapSupport.install({ environment: 'node', handleUncaughtExceptions: false }); // once: Playwright adds where it has its maps
  const write = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) =>
    write(error, frames.map(frame => hasNoMap(frame.getFileName()) ? asItIs(frame) : frame));
};
