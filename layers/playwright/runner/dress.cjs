// The first of the report's reporters: what Playwright merged it calls by the names that people gave, before the others write it down.
// Every script had the same file name; in the report the file is its test's title, and the files stand in the job's order. Attachments
// lie beside the report already, below `data/`: nothing here reads them, so what a report costs does not follow their size.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const runtime = path.dirname(__dirname);
const { yazl } = require(path.join(runtime, 'node_modules', 'playwright-core', 'lib', 'utilsBundle.js'));

class DressReporter {
  constructor({ folder, made, tests }) {
    this._resources = path.join(folder, 'blobs', 'resources');
    this._sources = path.join(folder, 'sources');
    this._made = made;
    this._tests = tests;
    this._blobs = []; // for each blob: the script's path as its run saw it, the one in the report, the name
  }

  version() {
    return 'v2';
  }

  onBegin(suite) {
    this._suite = suite;
  }

  // Blobs come in the order of their tests, each with one project.
  onReportConfigure({ config }) {
    const index = this._blobs.length;
    const merged = this._suite.suites[index].suites[0].location.file;
    const root = this._made;
    const { name } = this._tests[index];
    this._blobs.push({ seen: path.join(config.rootDir, path.relative(root, merged)), merged, file: path.join(root, name), name });
  }

  onError(error) {
    this._error(error, this._blobs.at(-1));
  }

  onEnd() {
    this._suite.suites.forEach((project, index) => this._suiteOf(project, this._blobs[index], index));
    this._readNothingElse();
    inOrder(this._tests.map(test => test.name));
    fs.mkdirSync(this._made, { recursive: true });
    process.chdir(this._made); // paths in junit.xml are relative to it
  }

  _suiteOf(suite, blob) {
    if (suite.type === 'file' && suite.location.file === blob.merged)
      suite.title = blob.name;
    this._location(suite.location, blob);
    for (const entry of suite.entries())
      entry.type === 'test' ? this._test(entry, blob) : this._suiteOf(entry, blob);
  }

  _test(test, blob) {
    this._location(test.location, blob);
    for (const result of test.results) {
      result.errors.forEach(error => this._error(error, blob));
      result.steps.forEach(step => this._step(step, blob));
      result.attachments.forEach(attachment => this._attachment(attachment));
    }
  }

  _step(step, blob) {
    this._location(step.location, blob);
    this._error(step.error, blob);
    step.steps.forEach(child => this._step(child, blob));
  }

  _location(location, blob) {
    if (location && [blob.merged, blob.seen].includes(location.file))
      location.file = blob.file;
  }

  _error(error, blob) {
    for (; error; error = error.cause) {
      this._location(error.location, blob);
      for (const said of ['message', 'stack'])
        error[said] = error[said] && String(error[said]).replaceAll(blob.seen, blob.name);
    }
  }

  _attachment(attachment) {
    if (attachment.path)
      attachment.path = path.dirname(attachment.path) === this._resources ? `data/${path.basename(attachment.path)}` : undefined;
  }

  // Whatever path a blob names: what gets into the report is the scripts' own lines and Playwright's own files.
  _readNothingElse() {
    const sources = new Map(this._blobs.map(({ file }, index) => [file, path.join(this._sources, String(index))]));
    const { readFileSync } = fs;
    fs.readFileSync = (file, ...rest) => {
      if (sources.has(file) || String(file).startsWith(runtime + path.sep))
        return readFileSync(sources.get(file) ?? file, ...rest);
      throw new Error(`${file} is no part of the report`);
    };
    const { access } = fs.promises;
    fs.promises.access = (file, ...rest) => file.startsWith('data/') ? Promise.resolve() : access(file, ...rest);
  }
}

// The HTML reporter puts files that failed first, and takes no wish for another order: the list is put right as it is packed.
function inOrder(names) {
  const position = new Map(names.map((name, index) => [name, index]));
  const { addBuffer } = yazl.ZipFile.prototype;
  yazl.ZipFile.prototype.addBuffer = function(buffer, name, ...rest) {
    if (name === 'report.json') {
      const report = JSON.parse(buffer);
      report.files.sort((one, other) => position.get(one.fileName) - position.get(other.fileName));
      buffer = Buffer.from(JSON.stringify(report));
    }
    return addBuffer.call(this, buffer, name, ...rest);
  };
}

module.exports = DressReporter;
