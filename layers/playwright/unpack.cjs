// Unpacks Chromium, as npm ships it, into the folder layout in which Playwright looks for its own browsers, so that neither a
// script nor a config needs an executablePath. Usage: node unpack.cjs RUNTIME_DIRECTORY
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { pipeline } = require('node:stream/promises');

async function main(runtime) {
  const modules = path.join(runtime, 'node_modules');
  const packed = path.join(modules, '@sparticuz', 'chromium', 'bin');
  const { browsers } = JSON.parse(fs.readFileSync(path.join(modules, 'playwright-core', 'browsers.json'), 'utf8'));
  const revision = browsers.find(browser => browser.name === 'chromium-headless-shell').revision;
  const home = path.join(runtime, 'browsers', `chromium_headless_shell-${revision}`);
  const folder = path.join(home, 'chrome-headless-shell-linux64');
  fs.mkdirSync(folder, { recursive: true });

  const executable = path.join(folder, 'chrome-headless-shell');
  await pipeline(fs.createReadStream(path.join(packed, 'chromium.br')), zlib.createBrotliDecompress(), fs.createWriteStream(executable, { mode: 0o755 }));
  const { extract } = await import(path.join(modules, 'tar-fs', 'index.js')).then(module => module.default);
  const unpack = (name, target) =>
    pipeline(fs.createReadStream(path.join(packed, `${name}.tar.br`)), zlib.createBrotliDecompress(), extract(target));
  await unpack('swiftshader', folder); // software rendering, looked for beside the executable
  await unpack('al2023', runtime); // lib/: what a machine without libnss3 lacks
  await unpack('fonts', runtime); // fonts/: what a machine without fonts lacks
  fs.rmSync(path.join(runtime, 'fonts.conf'), { force: true }); // names a folder of Lambda's; ours is fonts/fonts.conf
  fs.writeFileSync(path.join(home, 'INSTALLATION_COMPLETE'), '');
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
