// What a script leaves in a process that stays for the next test of the same run. What can be put back is put back: variables, folder,
// globals, listeners, its own modules. Where something still works (a timer, a server, a child) that is not kept, the process is not to be used again.
'use strict';

const settleMs = 1000;
const stepMs = 10;

// Note how the process is now, before any script has run in it; what comes back makes it so again, and tells whether it could. `kept` gives
// how many resources of each kind are kept on purpose.
exports.remember = (kept = () => ({})) => {
  const variables = { ...process.env };
  const globals = Object.getOwnPropertyDescriptors(globalThis);
  const listeners = new Map(process.eventNames().map(name => [name, new Set(process.rawListeners(name))]));
  const modules = new Set(Object.keys(require.cache));
  const folder = process.cwd();
  const active = count();

  return async () => {
    restoreVariables(variables);
    restoreGlobals(globals);
    for (const name of process.eventNames())
      for (const listener of process.rawListeners(name))
        if (!listeners.get(name)?.has(listener))
          process.off(name, listener);
    for (const name of Object.keys(require.cache))
      if (!modules.has(name) && !name.includes('/node_modules/'))
        delete require.cache[name];
    process.exitCode = undefined;
    process.chdir(folder);
    // Sockets and pipes of a browser that was closed are gone a moment later.
    for (let waited = 0; waited < settleMs; waited += stepMs) {
      if (isQuiet(active, kept() || {}))
        return true;
      await new Promise(resolve => setTimeout(resolve, stepMs));
    }
    return false;
  };
};

function restoreVariables(variables) {
  for (const name of Object.keys(process.env))
    if (!(name in variables))
      delete process.env[name];
  Object.assign(process.env, variables);
}

function restoreGlobals(globals) {
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!Object.hasOwn(globals, name))
      delete globalThis[name];
  for (const [name, was] of Object.entries(globals)) {
    const is = Object.getOwnPropertyDescriptor(globalThis, name);
    if (is?.value !== was.value || is?.get !== was.get || is?.set !== was.set)
      Object.defineProperty(globalThis, name, was);
  }
}

function count() {
  const found = new Map();
  for (const name of process.getActiveResourcesInfo())
    found.set(name, (found.get(name) || 0) + 1);
  return found;
}

function isQuiet(active, kept) {
  return [...count()].every(([name, number]) => number <= (active.get(name) || 0) + (kept[name] || 0));
}
