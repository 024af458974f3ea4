// Playwright notes where each of a script's calls comes from, so it asks for a stack at every one of them; source-map-support then clones
// each frame with all its methods to see whether it has a source map. That was a fifth of what a worker process does for a short test.
// Files of Node's and Playwright's own have none, so their frames are written as V8 has them.
//
// We write the stack ourselves, as source-map-support does, and hand no frame of ours to any other writer: Babel's asks frames for what only
// V8's have, and what it throws while a test begins, Playwright drops, and calls the test passed (1.65).
'use strict';

const path = require('node:path');

const modules = path.join(path.dirname(__dirname), 'node_modules') + path.sep;
const { sourceMapSupport } = require(path.join(modules, 'playwright-core', 'lib', 'utilsBundle.js'));

const hasNoMap = file => file?.startsWith(modules) || file?.startsWith('node:');

function write(error, frames) {
  const lines = [];
  const state = { nextPosition: null, curPosition: null }; // a function's name in the source is known to the place that it is called from
  for (const frame of frames.toReversed()) {
    if (hasNoMap(frame.getFileName())) {
      lines.push(String(frame));
      state.curPosition = null;
    } else {
      lines.push(String(sourceMapSupport.wrapCallSite(frame, state)));
    }
    state.nextPosition = state.curPosition;
  }
  const head = `${error.name || 'Error'}: ${error.message || ''}`;
  return [head, ...lines.reverse()].join('\n    at ');
}

exports.install = () => {
  sourceMapSupport.install({ environment: 'node', handleUncaughtExceptions: false }); // once: Playwright adds where it has its maps
  Error.prepareStackTrace = write;
};
