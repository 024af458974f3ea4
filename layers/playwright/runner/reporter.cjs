// What happens, as it happens: one JSON document a line on file descriptor 3.
'use strict';

const fs = require('node:fs');

const MOST_TEXT = 8192;

const ansi = /[\u001b\u009b][[()#;?]*(?:\d{1,4}(?:;\d{0,4})*)?[0-9A-ORZcf-nqry=><]/g;
const plain = text => String(text ?? '').replace(ansi, '').slice(0, MOST_TEXT);

function say(document) {
  let rest = Buffer.from(JSON.stringify({ at: Date.now(), ...document }) + '\n');
  while (rest.length) {
    try {
      rest = rest.subarray(fs.writeSync(3, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN')
        return; // nobody listens any more; the run itself goes on
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function titleOf(test) {
  // titlePath: '', project, file, describe..., test
  return test.titlePath().slice(3).join(' › ');
}

function messageOf(errors) {
  const first = errors && errors[0];
  return first ? plain(first.message || first.value) : undefined;
}

class ProgressReporter {
  printsToStdio() {
    return true; // so that Playwright adds no reporter of its own that prints
  }

  onBegin(config, suite) {
    say({ type: 'begin', total: suite.allTests().length, version: config.version });
  }

  onTestBegin(test, result) {
    say({ type: 'testBegin', caseId: test.id, title: titleOf(test), attempt: result.retry + 1 });
  }

  onStepBegin(test, result, step) {
    this._step('stepBegin', test, step);
  }

  onStepEnd(test, result, step) {
    this._step('stepEnd', test, step);
  }

  _step(type, test, step) {
    // Hooks and fixtures are Playwright's housekeeping; people follow what their script does.
    if (!['test.step', 'pw:api', 'expect'].includes(step.category))
      return;
    step.__matineeId ??= `s${(this._steps = (this._steps || 0) + 1)}`;
    const ended = type === 'stepEnd';
    say({
      type,
      caseId: test.id,
      stepId: step.__matineeId,
      title: plain(step.title).slice(0, 300),
      category: step.category,
      ...(ended ? { durationMs: step.duration, failed: !!step.error, message: step.error && plain(step.error.message) } : {}),
    });
  }

  onStdOut(chunk, test) {
    this._console('stdout', chunk, test);
  }

  onStdErr(chunk, test) {
    this._console('stderr', chunk, test);
  }

  _console(stream, chunk, test) {
    say({ type: 'console', stream, caseId: test && test.id, text: String(chunk) });
  }

  onTestEnd(test, result) {
    say({
      type: 'testEnd',
      caseId: test.id,
      title: titleOf(test),
      attempt: result.retry + 1,
      status: result.status,
      outcome: test.outcome(),
      willRetry: result.status !== 'skipped' && result.status !== test.expectedStatus && result.retry < test.retries,
      durationMs: result.duration,
      message: messageOf(result.errors),
    });
  }

  onError(error) {
    say({
      type: 'error',
      message: plain(error.message || error.value),
      location: error.location && { line: error.location.line, column: error.location.column },
    });
  }

  onEnd(result) {
    say({ type: 'end', status: result.status });
  }
}

module.exports = ProgressReporter;
